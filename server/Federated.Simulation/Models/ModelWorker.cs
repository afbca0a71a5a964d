using Federated.Client.Training;

namespace Federated.Simulation.Models;

/// <summary>
/// One worker thread's instance of a model. It serves any number of clients in turn: <see cref="IExampleObjective.Select"/> exchanges the examples, and loading a model
/// version is one copy.
/// </summary>
public sealed class ModelWorker : IDisposable
{
    private readonly IReadOnlyList<IDisposable> _owned;

    internal ModelWorker(IExampleObjective objective, ILocalSolver solver, params IReadOnlyList<IDisposable> owned)
    {
        Objective = objective;
        Solver = solver;
        _owned = owned;
    }

    public IExampleObjective Objective { get; }

    public ILocalSolver Solver { get; }

    public void Dispose()
    {
        foreach (IDisposable resource in _owned)
        {
            resource.Dispose();
        }
    }
}
