using Federated.Client.Sparse;
using Federated.Client.Training;
using Federated.Protocol.Pruning;
using Federated.Simulation.Kernels;

namespace Federated.Simulation.Models;

/// <summary>
/// One worker thread's instance of a model. It serves any number of clients in turn: <see cref="IExampleObjective.Select"/> exchanges the examples, and loading a model
/// version is one copy.
/// </summary>
public sealed class ModelWorker : IDisposable
{
    private readonly IReadOnlyList<IDisposable> _owned;
    private readonly IExampleObjective _denseObjective;
    private readonly ILocalSolver _denseSolver;
    private KernelChoice? _kernels;
    private MaskedSparseObjective? _sparseObjective;
    private SparseSolver? _sparseSolver;
    private byte[] _dense = [];

    internal ModelWorker(IExampleObjective objective, ILocalSolver solver, params IReadOnlyList<IDisposable> owned)
    {
        Objective = _denseObjective = objective;
        Solver = _denseSolver = solver;
        _owned = owned;
    }

    /// <summary>That of the kernels in use.</summary>
    public IExampleObjective Objective { get; private set; }

    /// <summary>That of the kernels in use.</summary>
    public ILocalSolver Solver { get; private set; }

    /// <summary>Lets masks decide which kernels are used.</summary>
    internal ModelWorker With(KernelChoice kernels)
    {
        _kernels = kernels;
        return this;
    }

    /// <summary>Takes the kernels for a model under a mask; to be called before examples are selected.</summary>
    /// <param name="mask">The mask; null for a dense model.</param>
    internal void Use(ModelMask? mask)
    {
        if (_kernels?.IsSparse(mask) == true)
        {
            _sparseObjective ??= _kernels.CreateObjective();
            _sparseSolver ??= new SparseSolver(_sparseObjective);
            _sparseSolver.UseMask(mask);
            (Objective, Solver) = (_sparseObjective, _sparseSolver);
        }
        else
        {
            (Objective, Solver) = (_denseObjective, _denseSolver);
        }
    }

    /// <summary>Memory for an update that is compressed before it is handed over; the same from call to call.</summary>
    internal Memory<byte> Dense(int bytes)
    {
        if (_dense.Length < bytes)
        {
            _dense = GC.AllocateUninitializedArray<byte>(bytes);
        }

        return _dense.AsMemory(0, bytes);
    }

    public void Dispose()
    {
        foreach (IDisposable resource in _owned)
        {
            resource.Dispose();
        }
    }
}
