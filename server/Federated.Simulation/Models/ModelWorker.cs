using Federated.Client.Training;

namespace Federated.Simulation.Models;

/// <summary>
/// One worker thread's instance of a model. It serves any number of clients in turn: <see cref="IExampleObjective.Select"/> exchanges the examples, and loading a model
/// version is one copy.
/// </summary>
public sealed class ModelWorker : IDisposable
{
    private readonly IReadOnlyList<IDisposable> _owned;
    private byte[] _dense = [];

    internal ModelWorker(IExampleObjective objective, ILocalSolver solver, params IReadOnlyList<IDisposable> owned)
    {
        Objective = objective;
        Solver = solver;
        _owned = owned;
    }

    public IExampleObjective Objective { get; }

    public ILocalSolver Solver { get; }

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
