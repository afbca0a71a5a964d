using System.Numerics.Tensors;
using Federated.Client.Training;
using Federated.Protocol.V1;

namespace Federated.Client.Algorithms.VarianceReduction;

/// <summary>The beginning and the end of an update of an algorithm that walks.</summary>
internal static class WalkUpdates
{
    /// <summary>Notes the weight, and gives the objective the task's statistics.</summary>
    /// <returns>False for a client without examples, which has nothing to do.</returns>
    public static bool Begin(this ClientUpdate update, ClientTask task, IObjective objective)
    {
        update.Weight = objective.ExampleCount;
        if (objective.ExampleCount == 0)
        {
            return false;
        }

        objective.LoadStatistics(task.Statistics.Span, task.Counts.Span);
        return true;
    }

    /// <summary>The DELTA section holds y; it becomes y − x, and the steps and the loss are noted.</summary>
    /// <param name="update">Holds y in its DELTA section.</param>
    /// <param name="result">What the walk says of itself.</param>
    /// <param name="start">x.</param>
    /// <param name="plan">The settings of the walk.</param>
    /// <param name="examples">The client's examples.</param>
    public static ClientOutcome TakeWalk(this ClientUpdate update, LocalSgdResult result, ReadOnlySpan<float> start, LocalSgdPlan plan, int examples)
    {
        // The first step takes no batch, every other two gradients of one.
        update.Gradients += 2 * plan.ExamplesIn(result.Steps - 1, examples);
        Span<float> delta = update.Floats(SectionRole.Delta);
        TensorPrimitives.Subtract(delta, start, delta);
        update.Steps = result.Steps;
        update.TrainingLoss = result.MeanLoss;
        return result.Diverged || !float.IsFinite(TensorPrimitives.SumOfMagnitudes<float>(delta)) ? ClientOutcome.Diverged
            : result.Steps == 0 ? ClientOutcome.Nothing
            : result.Steps == result.PlannedSteps ? ClientOutcome.Completed
            : ClientOutcome.Partial;
    }
}
