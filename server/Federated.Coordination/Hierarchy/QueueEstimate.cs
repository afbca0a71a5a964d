namespace Federated.Coordination.Hierarchy;

/// <summary>The exponentially weighted moving average of a node's queue: Q ← α · sample + (1 − α) · Q.</summary>
/// <param name="Value">Q, in updates; null before the first sample.</param>
public readonly record struct QueueEstimate(double? Value = null)
{
    /// <summary>The estimate after one more sample. The first sample is the estimate.</summary>
    /// <param name="sample">Updates that wait, at least 0.</param>
    /// <param name="smoothing">α, in (0, 1].</param>
    public QueueEstimate With(double sample, double smoothing)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sample);
        if (!(smoothing is > 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(smoothing), smoothing, "The smoothing is in (0, 1].");
        }

        return new QueueEstimate(Value is { } value ? (smoothing * sample) + ((1 - smoothing) * value) : sample);
    }
}
