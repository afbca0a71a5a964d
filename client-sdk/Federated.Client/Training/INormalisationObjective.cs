using Federated.Protocol.Statistics;

namespace Federated.Client.Training;

/// <summary>An objective that can tell what the normalisation layers of its model are given.</summary>
public interface INormalisationObjective : IObjective
{
    /// <summary>
    /// Adds, for every channel of the layers that <see cref="NormalisationLayer.Of"/> lists, the number, the sum and the sum of squares of the values that reach it, over all examples.
    /// The forward passes normalise by their batches, as training does, with dropout off; the model's running statistics stay as they are.
    /// </summary>
    /// <param name="parameters">The parameters, <see cref="IObjective.ParameterCount"/> elements.</param>
    /// <param name="sums">Added to; the channels of the layers one after another.</param>
    /// <param name="cancellationToken">Ends the work with an exception.</param>
    /// <exception cref="ArgumentException">The sums are of another number of channels than the model has.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    void SumNormalisationInputs(ReadOnlySpan<float> parameters, MomentSums sums, CancellationToken cancellationToken = default);
}
