using System.Numerics;
using System.Numerics.Tensors;
using Federated.Coordination.Persistence;
using Federated.Coordination.Rounds;
using Federated.Coordination.Tier;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Coordination.Jobs;

/// <summary>Turns the outcome of a round into the figures that are stored. Shared with the simulator.</summary>
public static class RoundFigures
{
    /// <summary>The figures of a round that closes.</summary>
    /// <param name="assignments">The assignments, settled.</param>
    /// <param name="aggregate">What came of it.</param>
    /// <param name="bytesDown">Bytes that the devices together download.</param>
    public static RoundMetrics Of(IReadOnlyList<Assignment> assignments, RoundAggregate aggregate, long bytesDown)
    {
        double weight = 0, lossWeight = 0, lossSum = 0;
        long bytesUp = 0;
        foreach (UpdateCommitted update in aggregate.Included)
        {
            weight += update.Weight;
            bytesUp += update.Length;
            if (double.IsFinite(update.TrainingLoss))
            {
                lossWeight += update.Weight;
                lossSum += update.Weight * update.TrainingLoss;
            }
        }

        (double? loss, double? accuracy) = Evaluation(aggregate);
        return new RoundMetrics(
            assignments.Count,
            aggregate.Included.Count,
            assignments.Count(assignment => assignment.FailureKind is not null),
            weight,
            bytesUp,
            bytesDown,
            lossWeight > 0 ? lossSum / lossWeight : null,
            loss,
            accuracy,
            aggregate.Find(SectionRole.Delta) is { } delta ? TensorPrimitives.Norm<float>(delta.Single) : null);
    }

    /// <summary>Whether every value of an aggregate is a finite number.</summary>
    /// <param name="aggregate">The aggregate.</param>
    public static bool IsFinite(RoundAggregate aggregate)
    {
        foreach (AggregatedSection section in aggregate.Sections)
        {
            if (!IsFinite<float>(section.Single) || !IsFinite<double>(section.Wide))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether every value of a vector is a finite number; true for an empty one.</summary>
    internal static bool IsFinite<T>(ReadOnlySpan<T> values)
        where T : INumberBase<T> => values.IsEmpty || TensorPrimitives.IsFiniteAll(values);

    /// <summary>Mean loss and accuracy of an evaluation; null for each that is not known.</summary>
    private static (double? Loss, double? Accuracy) Evaluation(RoundAggregate aggregate)
    {
        if (aggregate.Find(SectionRole.Evaluation) is not { Wide: [double loss, double correct, double examples] } || examples <= 0)
        {
            return (null, null);
        }

        return (loss / examples, Math.Clamp(correct / examples, 0, 1));
    }
}
