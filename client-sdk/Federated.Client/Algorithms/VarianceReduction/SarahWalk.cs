using System.Numerics.Tensors;
using Federated.Client.Training;

namespace Federated.Client.Algorithms.VarianceReduction;

/// <summary>
/// Local steps whose direction follows a gradient estimate by differences (SARAH, Nguyen et al. 2017; SPIDER): <c>g ← g + ∇f(y; B) − ∇f(y_prev; B)</c>, both on
/// the same batch and the same masks, and <c>y ← y − η·g</c>.
/// </summary>
internal static class SarahWalk
{
    /// <summary>Walks from x.</summary>
    /// <param name="plan">Rate, batch size, weight decay, and the clip norm, which bounds the direction and not the estimate.</param>
    /// <param name="steps">Steps to take.</param>
    /// <param name="key">Decides batches and masks.</param>
    /// <param name="objective">The client's objective.</param>
    /// <param name="start">x, where the walk starts.</param>
    /// <param name="direction">g, the direction of the first step; moved along.</param>
    /// <param name="local">Receives the last y.</param>
    /// <param name="stop">Ends the walk between two steps.</param>
    /// <returns>The first step needs no batch: both of its gradients would be taken at x. The loss is the mean over the other steps.</returns>
    public static LocalSgdResult Run(
        LocalSgdPlan plan,
        int steps,
        TrainingKey key,
        IObjective objective,
        ReadOnlySpan<float> start,
        Span<float> direction,
        Span<float> local,
        CancellationToken stop)
    {
        using var previous = new Scratch(start.Length);
        using var before = new Scratch(start.Length);
        using var here = new Scratch(start.Length);
        var batches = new BatchSchedule();
        batches.Start(key, objective.ExampleCount, plan.BatchSize);
        start.CopyTo(previous.Values);
        start.CopyTo(local);
        double losses = 0;
        int taken = 0;
        for (; taken < steps && !stop.IsCancellationRequested; taken++)
        {
            if (taken > 0)
            {
                ReadOnlySpan<int> batch = batches.Next();
                objective.UseMasks(key, taken);
                objective.LossAndGradient(previous.Values, batch, before.Values);
                objective.UseMasks(key, taken);
                double loss = objective.LossAndGradient(local, batch, here.Values);
                if (!double.IsFinite(loss))
                {
                    return new LocalSgdResult(taken, steps, double.NaN, taken, Diverged: true);
                }

                losses += loss;
                TensorPrimitives.Subtract(here.Values, before.Values, here.Values);
                TensorPrimitives.Add(direction, here.Values, direction);
                AddPenalty(plan.WeightDecay, local, previous.Values, direction);
                local.CopyTo(previous.Values);
            }

            TensorPrimitives.MultiplyAdd(direction, -(float)(plan.LearningRate * Shortening(plan.ClipNorm, direction)), local, local);
        }

        return new LocalSgdResult(taken, steps, losses / (taken - 1), taken, Diverged: false);
    }

    /// <summary>The difference of the gradients of the L2 penalty.</summary>
    private static void AddPenalty(double weightDecay, ReadOnlySpan<float> local, ReadOnlySpan<float> previous, Span<float> direction)
    {
        if (weightDecay > 0)
        {
            TensorPrimitives.MultiplyAdd(local, (float)weightDecay, direction, direction);
            TensorPrimitives.MultiplyAdd(previous, -(float)weightDecay, direction, direction);
        }
    }

    private static double Shortening(double clipNorm, ReadOnlySpan<float> direction)
    {
        double norm = clipNorm > 0 ? TensorPrimitives.Norm(direction) : 0;
        return norm > clipNorm ? clipNorm / norm : 1;
    }
}
