using Federated.Client.Training;
using Federated.FunctionalTests.Client;

namespace Federated.FunctionalTests.Server;

/// <summary>Adds a number to every parameter and claims so many steps for it.</summary>
internal sealed class ClaimingSolver(int parameters, float shift, Func<int> steps) : FakeSolver(parameters)
{
    public override LocalSgdResult Solve(
        LocalSgdPlan plan,
        TrainingKey key,
        ReadOnlySpan<float> start,
        ReadOnlySpan<float> correction,
        Span<float> local,
        CancellationToken stop = default)
    {
        for (int i = 0; i < local.Length; i++)
        {
            local[i] = start[i] + shift;
        }

        return new LocalSgdResult(steps(), steps(), 0.5, steps(), Diverged: false);
    }
}
