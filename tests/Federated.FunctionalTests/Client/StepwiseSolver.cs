using Federated.Client.Training;

namespace Federated.FunctionalTests.Client;

/// <summary>Adds 1 to every parameter with each step, and tells of each; stops between two steps when asked to.</summary>
internal sealed class StepwiseSolver(int parameters, Action<int> afterStep) : FakeSolver(parameters)
{
    public override LocalSgdResult Solve(
        LocalSgdPlan plan,
        TrainingKey key,
        ReadOnlySpan<float> start,
        ReadOnlySpan<float> correction,
        Span<float> local,
        CancellationToken stop = default)
    {
        start.CopyTo(local);
        int planned = plan.StepsFor(ExampleCount);
        int steps = 0;
        while (steps < planned && !stop.IsCancellationRequested)
        {
            for (int i = 0; i < local.Length; i++)
            {
                local[i] += 1;
            }

            afterStep(++steps);
        }

        return new LocalSgdResult(steps, planned, 0.5, steps, Diverged: false);
    }
}
