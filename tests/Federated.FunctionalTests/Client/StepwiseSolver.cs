using Federated.Client.Training;

namespace Federated.FunctionalTests.Client;

/// <summary>Adds 1 to every parameter with each step, and tells of each; stops between two steps when asked to.</summary>
internal sealed class StepwiseSolver(int parameters, Action<int> afterStep) : ILocalSolver, IObjective
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

    public double LossAndGradient(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch, Span<float> gradient) => 0.5;

    public double Loss(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch) => 0.5;

    public Evaluation Evaluate(ReadOnlySpan<float> parameters, CancellationToken cancellationToken = default) => new(5, 7, 10);
}
