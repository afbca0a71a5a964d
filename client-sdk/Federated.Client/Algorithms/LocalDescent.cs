using System.Numerics.Tensors;
using Federated.Client.Training;
using Federated.Protocol.V1;

namespace Federated.Client.Algorithms;

/// <summary>What algorithms over local SGD share: train from the global model and write the difference.</summary>
internal static class LocalDescent
{
    /// <summary>Trains and fills the DELTA section, weight, steps and loss.</summary>
    /// <param name="plan">The local steps.</param>
    /// <param name="task">The task.</param>
    /// <param name="statistics">The batch-norm statistics to start from.</param>
    /// <param name="solver">Holds the client's examples.</param>
    /// <param name="correction">Added to every gradient; empty for none.</param>
    /// <param name="update">Receives the result.</param>
    /// <param name="result">What the solver says of its steps.</param>
    /// <param name="stop">Ends the work between two steps.</param>
    /// <returns>Only after <see cref="ClientOutcome.Completed"/> and <see cref="ClientOutcome.Partial"/> there is an update.</returns>
    public static ClientOutcome Train(
        LocalSgdPlan plan,
        ClientTask task,
        ReadOnlyMemory<float> statistics,
        ILocalSolver solver,
        ReadOnlySpan<float> correction,
        ClientUpdate update,
        out LocalSgdResult result,
        CancellationToken stop)
    {
        IObjective objective = solver.Objective;
        objective.LoadStatistics(statistics.Span, task.Counts.Span);

        // The delta's memory holds the local parameters first: the difference needs no buffer of its own.
        ReadOnlySpan<float> global = task.Parameters.Span;
        Span<float> delta = update.Floats(SectionRole.Delta);
        result = solver.Solve(plan, task.Key, global, correction, delta, stop);
        TensorPrimitives.Subtract(delta, global, delta);

        update.Weight = objective.ExampleCount;
        update.Steps = result.Steps;
        update.Gradients = plan.ExamplesIn(result.Steps, objective.ExampleCount);
        update.TrainingLoss = result.MeanLoss;
        if (result.Diverged || !float.IsFinite(TensorPrimitives.SumOfMagnitudes<float>(delta)))
        {
            return ClientOutcome.Diverged;
        }

        if (result.Steps == 0)
        {
            return ClientOutcome.Nothing;
        }

        if (update.Has(SectionRole.BnStatistics))
        {
            objective.StoreStatistics(update.Floats(SectionRole.BnStatistics), []);
        }

        return result.Steps == result.PlannedSteps ? ClientOutcome.Completed : ClientOutcome.Partial;
    }

    /// <summary>Whether there is an update to finish.</summary>
    public static bool IsUsable(this ClientOutcome outcome) => outcome is ClientOutcome.Completed or ClientOutcome.Partial;
}
