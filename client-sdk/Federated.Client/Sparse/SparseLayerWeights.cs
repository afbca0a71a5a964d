namespace Federated.Client.Sparse;

/// <summary>The numbers of one layer of a <see cref="SparseNetwork"/>. Like <see cref="CsrMatrix"/> it copies nothing.</summary>
/// <param name="Matrix">The weights of a convolution or a linear layer; null for others.</param>
/// <param name="Scale">By how much a batch norm multiplies each channel; empty for others.</param>
/// <param name="Shift">What a layer adds to each of its outputs (the bias); empty for none.</param>
public sealed record SparseLayerWeights(CsrMatrix? Matrix, ReadOnlyMemory<float> Scale, ReadOnlyMemory<float> Shift)
{
    /// <summary>The weights of a layer that has none.</summary>
    public static SparseLayerWeights None { get; } = new(null, default, default);
}
