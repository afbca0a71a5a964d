using Federated.Client.Training;
using Federated.Protocol.Pruning;

namespace Federated.Client.Sparse;

/// <summary>
/// The local loop over active weights alone, without libtorch: between the flat vectors that it is given and gives back, parameters, gradients and momentum are packed vectors of the mask.
/// </summary>
public sealed class SparseSolver : IMaskedSolver
{
    private readonly MaskedSparseObjective _objective;
    private SgdSolver? _inner;
    private float[] _start = [];
    private float[] _local = [];
    private float[] _correction = [];

    /// <summary>Creates a solver for an objective.</summary>
    /// <param name="objective">The objective; it holds the examples.</param>
    public SparseSolver(MaskedSparseObjective objective)
    {
        ArgumentNullException.ThrowIfNull(objective);
        _objective = objective;
    }

    /// <inheritdoc />
    public IObjective Objective => _objective;

    /// <inheritdoc />
    public void UseMask(ModelMask? mask) => _objective.Mask = mask;

    /// <inheritdoc />
    public LocalSgdResult Solve(
        LocalSgdPlan plan,
        TrainingKey key,
        ReadOnlySpan<float> start,
        ReadOnlySpan<float> correction,
        Span<float> local,
        CancellationToken stop = default)
    {
        SolverArguments.Check(plan, _objective.ParameterCount, start, correction, local);
        SparseObjective current = _objective.Current();
        if (!ReferenceEquals(_inner?.Objective, current))
        {
            _inner = new SgdSolver(current);
            _start = new float[current.ParameterCount];
            _local = new float[current.ParameterCount];
            _correction = [];
        }

        current.Mask.Pack(start, _start);
        if (!correction.IsEmpty)
        {
            _correction = _correction.Length == 0 ? new float[current.ParameterCount] : _correction;
            current.Mask.Pack(correction, _correction);
        }

        LocalSgdResult result = _inner!.Solve(plan, key, _start, correction.IsEmpty ? [] : _correction, _local, stop);
        current.Mask.Unpack(_local, local);
        return result;
    }
}
