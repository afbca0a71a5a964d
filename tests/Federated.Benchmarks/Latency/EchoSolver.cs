using Federated.Client.Training;

namespace Federated.Benchmarks.Latency;

/// <summary>Fits any model; is never asked to solve.</summary>
internal sealed class EchoSolver(int parameters) : ILocalSolver, IObjective
{
    public IObjective Objective => this;

    public int ParameterCount => parameters;

    public int ExampleCount => 1;

    public LocalSgdResult Solve(
        LocalSgdPlan plan,
        TrainingKey key,
        ReadOnlySpan<float> start,
        ReadOnlySpan<float> correction,
        Span<float> local,
        CancellationToken stop = default) => throw new NotSupportedException("Nothing is trained.");

    public double LossAndGradient(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch, Span<float> gradient) =>
        throw new NotSupportedException("Nothing is trained.");

    public double Loss(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch) => 0;

    public Evaluation Evaluate(ReadOnlySpan<float> parameters, CancellationToken cancellationToken = default) => new(0, 1, 1);
}
