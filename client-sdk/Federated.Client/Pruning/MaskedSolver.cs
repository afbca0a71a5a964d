using Federated.Client.Training;
using Federated.Protocol.Pruning;

namespace Federated.Client.Pruning;

/// <summary>A solver under a mask, also for client halves that take gradients of its objective themselves.</summary>
internal sealed class MaskedSolver(IMaskedSolver inner, ModelMask mask, bool keepsLocal) : ILocalSolver
{
    private float[]? _local;

    public IObjective Objective { get; } = new MaskedObjective(inner, mask);

    /// <summary>Puts a solver under a mask; one that knows no masks is replaced by the plain loop over its objective.</summary>
    /// <param name="solver">The solver.</param>
    /// <param name="mask">The mask.</param>
    /// <param name="keepsLocal">Whether <see cref="TryGetLocal"/> is to be asked.</param>
    public static MaskedSolver Under(ILocalSolver solver, ModelMask mask, bool keepsLocal = false) =>
        new(solver as IMaskedSolver ?? new SgdSolver(solver.Objective), mask, keepsLocal);

    public LocalSgdResult Solve(
        LocalSgdPlan plan, TrainingKey key, ReadOnlySpan<float> start, ReadOnlySpan<float> correction, Span<float> local, CancellationToken stop = default)
    {
        using var told = new ToldMask(inner, mask);
        LocalSgdResult result = inner.Solve(plan, key, start, correction, local, stop);
        if (keepsLocal)
        {
            mask.Pack(local, _local ??= new float[mask.PackedCount]);
        }

        return result;
    }

    /// <summary>Writes the parameters at which the last steps ended: a client half may send something else than how far that is.</summary>
    /// <param name="parameters">Overwritten.</param>
    /// <returns>False when the half took its steps without this solver.</returns>
    public bool TryGetLocal(Span<float> parameters)
    {
        if (_local is null)
        {
            return false;
        }

        mask.Unpack(_local, parameters);
        return true;
    }
}
