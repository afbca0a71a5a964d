using Federated.Client.Training;

namespace Federated.FunctionalTests.Server;

/// <summary>Adds a number to every parameter and claims so many steps for it.</summary>
internal sealed class ClaimingSolver(int parameters, float shift, Func<int> steps) : ILocalSolver, IObjective
{
    public IObjective Objective => this;

    public int ParameterCount => parameters;

    public int ExampleCount => 10;

    public LocalSgdResult Solve(
        LocalSgdPlan plan,
        TrainingKey key,
        ReadOnlySpan<float> start,
        ReadOnlySpan<float> correction,
        Span<float> local,
        CancellationToken stop = default)
    {
        for (var i = 0; i < local.Length; i++)
        {
            local[i] = start[i] + shift;
        }

        return new LocalSgdResult(steps(), steps(), 0.5, steps(), Diverged: false);
    }

    public double LossAndGradient(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch, Span<float> gradient)
    {
        return 0.5;
    }

    public double Loss(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch)
    {
        return 0.5;
    }

    public Evaluation Evaluate(ReadOnlySpan<float> parameters, CancellationToken cancellationToken = default)
    {
        return new Evaluation(5, 7, 10);
    }
}
