using Federated.Client.Training;
using Federated.Protocol.Pruning;

namespace Federated.Client.Pruning;

/// <summary>An objective whose gradient is zero where a mask is inactive. Whatever starts from a masked model and follows such gradients stays under the mask.</summary>
internal sealed class MaskedObjective(IObjective inner, ModelMask mask) : IObjective
{
    public int ParameterCount => inner.ParameterCount;

    public int StatisticCount => inner.StatisticCount;

    public int CountCount => inner.CountCount;

    public int ExampleCount => inner.ExampleCount;

    public void LoadStatistics(ReadOnlySpan<float> statistics, ReadOnlySpan<long> counts) => inner.LoadStatistics(statistics, counts);

    public void StoreStatistics(Span<float> statistics, Span<long> counts) => inner.StoreStatistics(statistics, counts);

    public void UseMasks(TrainingKey key, int step) => inner.UseMasks(key, step);

    public double LossAndGradient(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch, Span<float> gradient)
    {
        double loss = inner.LossAndGradient(parameters, batch, gradient);
        mask.Apply(gradient);
        return loss;
    }

    public double Loss(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch) => inner.Loss(parameters, batch);

    public Evaluation Evaluate(ReadOnlySpan<float> parameters, CancellationToken cancellationToken = default) => inner.Evaluate(parameters, cancellationToken);
}
