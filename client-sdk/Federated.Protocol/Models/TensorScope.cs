namespace Federated.Protocol.Models;

/// <summary>Whether a tensor is shared by the federation.</summary>
public enum TensorScope
{
    /// <summary>Sent up and aggregated.</summary>
    Aggregated = 0,

    /// <summary>Kept on each device; the model version carries its initial value only.</summary>
    Local = 1,
}
