using Federated.Client.Algorithms;
using Federated.Client.Training;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;

namespace Federated.Client.Sessions;

/// <summary>What the application brings: its data behind a solver, and the algorithms that it can run.</summary>
public sealed class LocalWork
{
    /// <summary>
    /// Makes the solver for a model; called when a task comes with another schema than the last. The solver holds the local
    /// examples. It is disposed after use where it can be.
    /// </summary>
    public required Func<ModelSchema, ILocalSolver> CreateSolver { get; init; }

    /// <summary>
    /// Makes the objective over the examples that evaluations use. Default: null, which means the solver's own examples.
    /// </summary>
    public Func<ModelSchema, IObjective>? CreateEvaluation { get; init; }

    /// <summary>
    /// Makes the objective whose losses an exchange of scalars measures, by forward passes only: it needs no memory for gradients. Default: null, which means the solver's.
    /// </summary>
    public Func<ModelSchema, IObjective>? CreateExchange { get; init; }

    /// <summary>The client halves that the device can run; the task names one. Default: all of this package.</summary>
    public IReadOnlyList<IClientAlgorithm> Algorithms { get; init; } = ClientAlgorithms.BuiltIn;

    /// <summary>
    /// Whether the device gives sums over its training examples (feature moments, label counts, inputs of normalisation layers) when a job asks for statistics. Default: true. A device that
    /// does not is never asked.
    /// </summary>
    public bool GivesStatistics { get; init; } = true;

    /// <summary>Number of local examples, told to the server for selection; 0 when the device does not want to say.</summary>
    public long ExampleCount { get; init; }

    /// <summary>Work with one solver for every task; it stays the caller's to dispose.</summary>
    /// <param name="solver">Holds the local examples.</param>
    public static LocalWork With(ILocalSolver solver)
    {
        ArgumentNullException.ThrowIfNull(solver);
        return new LocalWork { CreateSolver = _ => solver is IMaskedSolver masked ? new BorrowedMasked(masked) : new Borrowed(solver), ExampleCount = solver.Objective.ExampleCount };
    }

    /// <summary>Hides that the caller's solver can be disposed.</summary>
    private class Borrowed(ILocalSolver solver) : ILocalSolver
    {
        public IObjective Objective => solver.Objective;

        public LocalSgdResult Solve(
            LocalSgdPlan plan,
            TrainingKey key,
            ReadOnlySpan<float> start,
            ReadOnlySpan<float> correction,
            Span<float> local,
            CancellationToken stop = default) =>
            solver.Solve(plan, key, start, correction, local, stop);
    }
    /// <summary>The same for one that trains sparse models by itself.</summary>
    private sealed class BorrowedMasked(IMaskedSolver solver) : Borrowed(solver), IMaskedSolver
    {
        public void UseMask(ModelMask? mask) => solver.UseMask(mask);
    }
}
