using Federated.Client.Training;

namespace Federated.Client.Pruning;

/// <summary>
/// An objective that finds the largest elements of its gradient where it computes it, so that only they leave that place. It finds what <see cref="Federated.Numerics.Compression.TopKHeap"/> finds.
/// </summary>
public interface IGradientSelector : IObjective
{
    /// <summary>
    /// The gradient of a batch's mean loss, in training mode with the statistics of normalisation left as they were: of every demanded layer the elements of largest magnitude. Of equals the lower index is
    /// taken; zeros never are.
    /// </summary>
    /// <param name="parameters">Flat, <see cref="IObjective.ParameterCount"/> elements, zero where the mask is inactive.</param>
    /// <param name="batch">Indices of examples, at least one.</param>
    /// <param name="request">The mask, the layers and their counts.</param>
    /// <param name="indices">Receives positions in the demanded layers, taken one behind the other, ascending; at least as many as the counts together.</param>
    /// <param name="values">Receives the elements at them.</param>
    GradientSelection SelectGradients(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch, GradientRequest request, Span<int> indices, Span<float> values);
}
