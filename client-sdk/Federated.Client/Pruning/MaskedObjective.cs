using Federated.Client.Training;
using Federated.Protocol.Pruning;

namespace Federated.Client.Pruning;

/// <summary>
/// A solver's objective whose gradient is zero where a mask is inactive. Whatever starts from a masked model and follows such gradients stays under the mask. The solver is told of the mask for the
/// time of the pass: one over active weights then computes nothing else.
/// </summary>
internal sealed class MaskedObjective(IMaskedSolver solver, ModelMask mask) : IObjective
{
    private readonly IObjective _inner = solver.Objective;

    public int ParameterCount => _inner.ParameterCount;

    public int StatisticCount => _inner.StatisticCount;

    public int CountCount => _inner.CountCount;

    public int ExampleCount => _inner.ExampleCount;

    public void LoadStatistics(ReadOnlySpan<float> statistics, ReadOnlySpan<long> counts) => _inner.LoadStatistics(statistics, counts);

    public void StoreStatistics(Span<float> statistics, Span<long> counts) => _inner.StoreStatistics(statistics, counts);

    public void UseMasks(TrainingKey key, int step) => _inner.UseMasks(key, step);

    public double LossAndGradient(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch, Span<float> gradient)
    {
        using var told = new ToldMask(solver, mask);
        double loss = _inner.LossAndGradient(parameters, batch, gradient);
        mask.Apply(gradient);
        return loss;
    }

    public double Loss(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch)
    {
        using var told = new ToldMask(solver, mask);
        return _inner.Loss(parameters, batch);
    }

    public Evaluation Evaluate(ReadOnlySpan<float> parameters, CancellationToken cancellationToken = default)
    {
        using var told = new ToldMask(solver, mask);
        return _inner.Evaluate(parameters, cancellationToken);
    }
}
