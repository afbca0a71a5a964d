using Federated.Client.Training;

namespace Federated.FunctionalTests.Client;

/// <summary>A solver without data: what it trains is up to who derives from it, and its measures are constants.</summary>
internal abstract class FakeSolver(int parameters) : ILocalSolver, IObjective
{
    public IObjective Objective => this;

    public int ParameterCount => parameters;

    public int ExampleCount => 10;

    public abstract LocalSgdResult Solve(
        LocalSgdPlan plan,
        TrainingKey key,
        ReadOnlySpan<float> start,
        ReadOnlySpan<float> correction,
        Span<float> local,
        CancellationToken stop = default);

    public double LossAndGradient(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch, Span<float> gradient) => 0.5;

    public double Loss(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch) => 0.5;

    public Evaluation Evaluate(ReadOnlySpan<float> parameters, CancellationToken cancellationToken = default) => new(5, 7, 10);
}
