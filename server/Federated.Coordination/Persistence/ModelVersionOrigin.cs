namespace Federated.Coordination.Persistence;

/// <summary>How a model version came to be. The numbers are stored.</summary>
public enum ModelVersionOrigin
{
    /// <summary>Uploaded with the job; version 0.</summary>
    Initial = 1,

    /// <summary>Made by a training round of the same number.</summary>
    Round = 2,

    /// <summary>A roll-back: the same blobs as an earlier version.</summary>
    RollBack = 3,
}
