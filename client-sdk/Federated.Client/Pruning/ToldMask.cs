using Federated.Client.Training;
using Federated.Protocol.Pruning;

namespace Federated.Client.Pruning;

/// <summary>A solver knows the mask until this is disposed of.</summary>
internal readonly struct ToldMask : IDisposable
{
    private readonly IMaskedSolver? _solver;

    /// <param name="solver">One that knows no masks, or null, is told nothing.</param>
    /// <param name="mask">The mask; null for none.</param>
    public ToldMask(ILocalSolver? solver, ModelMask? mask)
    {
        _solver = mask is null ? null : solver as IMaskedSolver;
        _solver?.UseMask(mask);
    }

    public void Dispose() => _solver?.UseMask(null);
}
