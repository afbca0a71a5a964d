using Federated.Client.Pruning;
using Federated.Client.Training;
using Federated.Protocol.Pruning;

namespace Federated.Client.Sparse;

/// <summary>
/// Trains a masked model the faster of two ways: over active weights, or masked and dense (TorchSharp). Which one that is depends on density, shapes, batch and processor, so it is measured: the
/// first call under a mask takes a few steps of both ways, whose results it throws away. A dense model goes the dense way.
/// </summary>
/// <remarks>Both solvers stay the caller's; both objectives have the same examples.</remarks>
public sealed class ChosenSolver : IMaskedSolver
{
    private const int TimedCalls = 2;

    private readonly IMaskedSolver _dense;
    private readonly SparseSolver _sparse;
    private readonly TimeProvider _time;
    private readonly ChosenObjective _objective;
    private ModelMask? _mask;
    private ModelMask? _measured;

    /// <summary>Puts the two ways together.</summary>
    /// <param name="dense">The masked dense way.</param>
    /// <param name="sparse">The way over active weights.</param>
    /// <param name="time">Measures. Default: the system's.</param>
    /// <exception cref="ArgumentException">The two are of models of different sizes, or the dense objective cannot find largest gradients and inputs of normalisation.</exception>
    public ChosenSolver(IMaskedSolver dense, SparseSolver sparse, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(dense);
        ArgumentNullException.ThrowIfNull(sparse);
        SolverArguments.CheckLength(dense.Objective.ParameterCount, sparse.Objective.ParameterCount, nameof(sparse));
        if (dense.Objective is not (IGradientSelector and INormalisationObjective))
        {
            throw new ArgumentException("The dense objective must be able to find largest gradients and the inputs of normalisation, as TorchObjective is.", nameof(dense));
        }

        _dense = dense;
        _sparse = sparse;
        _time = time ?? TimeProvider.System;
        _objective = new ChosenObjective(dense.Objective);
    }

    /// <inheritdoc />
    public IObjective Objective => _objective;

    /// <summary>The last decision; null before the first call under a mask.</summary>
    public SparseChoice? Choice { get; private set; }

    /// <inheritdoc />
    public void UseMask(ModelMask? mask)
    {
        _dense.UseMask(mask);
        _sparse.UseMask(mask);
        _mask = mask;
    }

    /// <inheritdoc />
    public LocalSgdResult Solve(
        LocalSgdPlan plan,
        TrainingKey key,
        ReadOnlySpan<float> start,
        ReadOnlySpan<float> correction,
        Span<float> local,
        CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (_mask is not null && Objective.ExampleCount > 0 && (_measured is null || !_measured.Hash.SequenceEqual(_mask.Hash)))
        {
            Choice = Measure(plan, key, start, correction, local);
            _measured = _mask;
        }

        IMaskedSolver chosen = _mask is not null && Choice is { IsSparse: true } ? _sparse : _dense;
        _objective.Use(chosen.Objective);
        return chosen.Solve(plan, key, start, correction, local, stop);
    }

    private SparseChoice Measure(LocalSgdPlan plan, TrainingKey key, ReadOnlySpan<float> start, ReadOnlySpan<float> correction, Span<float> local)
    {
        if (_mask!.Density > SparseChoice.MostDensity)
        {
            return default;
        }

        LocalSgdPlan step = plan with { Epochs = 0, Steps = 1 };
        TimeSpan sparse = TimeSpan.MaxValue, dense = TimeSpan.MaxValue;
        float[] statistics = new float[_objective.StatisticCount];
        long[] counts = new long[_objective.CountCount];
        _objective.StoreStatistics(statistics, counts);
        for (int call = -1; call < TimedCalls; call++)
        {
            // The first call of each takes memory and compiles; it is not counted.
            Keep(Time(_sparse, step, key, start, correction, local), call, ref sparse);
            Keep(Time(_dense, step, key, start, correction, local), call, ref dense);
        }

        _objective.LoadStatistics(statistics, counts);
        return new SparseChoice(sparse < dense, sparse, dense);
    }

    private TimeSpan Time(IMaskedSolver solver, LocalSgdPlan step, TrainingKey key, ReadOnlySpan<float> start, ReadOnlySpan<float> correction, Span<float> local)
    {
        long begin = _time.GetTimestamp();
        solver.Solve(step, key, start, correction, local);
        return _time.GetElapsedTime(begin);
    }

    private static void Keep(TimeSpan elapsed, int call, ref TimeSpan best)
    {
        if (call >= 0 && elapsed < best)
        {
            best = elapsed;
        }
    }
}
