namespace Federated.Protocol.Models;

/// <summary>Which of a model's three flat vectors a tensor belongs to.</summary>
public enum TensorPart
{
    /// <summary>A float32 tensor that the optimizer moves.</summary>
    Parameter = 0,

    /// <summary>A float32 tensor that the forward pass moves, such as a running mean of batch normalisation.</summary>
    Statistic = 1,

    /// <summary>An int64 buffer, such as <c>num_batches_tracked</c>.</summary>
    Count = 2,
}
