using Federated.Client.Training;

namespace Federated.FunctionalTests.Client;

/// <summary>A solver whose local parameters are what a test says.</summary>
internal sealed class StubSolver(int parameters, Action<float[]> train) : FakeSolver(parameters)
{
    public CancellationToken Stop { get; private set; }

    /// <summary>Adds 1 to every parameter.</summary>
    public static StubSolver PlusOne(int parameters = 8) => new(parameters, local =>
    {
        for (int i = 0; i < local.Length; i++)
        {
            local[i] += 1;
        }
    });

    public override LocalSgdResult Solve(
        LocalSgdPlan plan,
        TrainingKey key,
        ReadOnlySpan<float> start,
        ReadOnlySpan<float> correction,
        Span<float> local,
        CancellationToken stop = default)
    {
        Stop = stop;
        float[] copy = start.ToArray();
        train(copy);
        copy.CopyTo(local);
        return new LocalSgdResult(plan.Steps, plan.Steps, 0.5, plan.Steps, Diverged: false);
    }
}
