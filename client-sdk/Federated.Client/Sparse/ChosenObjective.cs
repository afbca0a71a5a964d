using Federated.Client.Pruning;
using Federated.Client.Training;
using Federated.Protocol.Statistics;

namespace Federated.Client.Sparse;

/// <summary>The objective of the way that was chosen; the statistics go along when the way changes.</summary>
internal sealed class ChosenObjective(IObjective first) : INormalisationObjective, IGradientSelector
{
    private IObjective _current = first;

    public int ParameterCount => _current.ParameterCount;

    public int StatisticCount => _current.StatisticCount;

    public int CountCount => _current.CountCount;

    public int ExampleCount => _current.ExampleCount;

    public void Use(IObjective objective)
    {
        if (!ReferenceEquals(objective, _current))
        {
            float[] statistics = new float[StatisticCount];
            long[] counts = new long[CountCount];
            _current.StoreStatistics(statistics, counts);
            objective.LoadStatistics(statistics, counts);
            _current = objective;
        }
    }

    public void LoadStatistics(ReadOnlySpan<float> statistics, ReadOnlySpan<long> counts) => _current.LoadStatistics(statistics, counts);

    public void StoreStatistics(Span<float> statistics, Span<long> counts) => _current.StoreStatistics(statistics, counts);

    public void UseMasks(TrainingKey key, int step) => _current.UseMasks(key, step);

    public double LossAndGradient(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch, Span<float> gradient) => _current.LossAndGradient(parameters, batch, gradient);

    public double Loss(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch) => _current.Loss(parameters, batch);

    public Evaluation Evaluate(ReadOnlySpan<float> parameters, CancellationToken cancellationToken = default) => _current.Evaluate(parameters, cancellationToken);

    public void SumNormalisationInputs(ReadOnlySpan<float> parameters, MomentSums sums, CancellationToken cancellationToken = default) =>
        ((INormalisationObjective)_current).SumNormalisationInputs(parameters, sums, cancellationToken);

    public GradientSelection SelectGradients(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch, GradientRequest request, Span<int> indices, Span<float> values) =>
        ((IGradientSelector)_current).SelectGradients(parameters, batch, request, indices, values);
}
