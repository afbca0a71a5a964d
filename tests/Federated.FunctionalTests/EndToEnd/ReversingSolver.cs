using Federated.Client.Training;

namespace Federated.FunctionalTests.EndToEnd;

/// <summary>An attacker's solver: trains honestly and sends the update turned round and ten times as long.</summary>
internal sealed class ReversingSolver(ILocalSolver honest) : ILocalSolver
{
    public IObjective Objective => honest.Objective;

    public LocalSgdResult Solve(
        LocalSgdPlan plan, TrainingKey key, ReadOnlySpan<float> start, ReadOnlySpan<float> correction, Span<float> local, CancellationToken stop = default)
    {
        LocalSgdResult result = honest.Solve(plan, key, start, correction, local, stop);
        for (int i = 0; i < local.Length; i++)
        {
            local[i] = start[i] - (10 * (local[i] - start[i]));
        }

        return result;
    }
}
