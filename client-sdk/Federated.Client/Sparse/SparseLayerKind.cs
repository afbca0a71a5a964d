namespace Federated.Client.Sparse;

/// <summary>What a layer computes.</summary>
public enum SparseLayerKind
{
    /// <summary>A square convolution with zero padding; weights as a sparse matrix, bias optional.</summary>
    Convolution = 0,

    /// <summary>A matrix product over flat features; weights as a sparse matrix, bias optional.</summary>
    Linear = 1,

    /// <summary>Normalisation of every channel by mean and variance, then scale and shift. In a network for inference: scale and shift alone.</summary>
    BatchNorm = 2,

    /// <summary>The larger of the value and 0.</summary>
    Relu = 3,

    /// <summary>The largest value of a square window, without padding.</summary>
    MaxPool = 4,

    /// <summary>The mean of a square window, without padding.</summary>
    AveragePool = 5,

    /// <summary>The mean of every channel: an image of 1 × 1.</summary>
    GlobalAveragePool = 6,

    /// <summary>The sum of two values of one shape.</summary>
    Add = 7,

    /// <summary>Channels, rows and columns as one list of features, in that order.</summary>
    Flatten = 8,
}
