using Federated.Client.Training;
using Federated.Protocol.Pruning;

namespace Federated.Client.Pruning;

/// <summary>A solver under a mask, also for client halves that take gradients of its objective themselves.</summary>
internal sealed class MaskedSolver(IMaskedSolver inner, ModelMask mask) : ILocalSolver
{
    public IObjective Objective { get; } = new MaskedObjective(inner, mask);

    /// <summary>Puts a solver under a mask; one that knows no masks is replaced by the plain loop over its objective.</summary>
    public static MaskedSolver Under(ILocalSolver solver, ModelMask mask) => new(solver as IMaskedSolver ?? new SgdSolver(solver.Objective), mask);

    public LocalSgdResult Solve(
        LocalSgdPlan plan, TrainingKey key, ReadOnlySpan<float> start, ReadOnlySpan<float> correction, Span<float> local, CancellationToken stop = default)
    {
        inner.UseMask(mask);
        try
        {
            return inner.Solve(plan, key, start, correction, local, stop);
        }
        finally
        {
            inner.UseMask(null);
        }
    }
}
