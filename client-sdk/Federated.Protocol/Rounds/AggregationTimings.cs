namespace Federated.Protocol.Rounds;

/// <summary>When the tier sums stored updates.</summary>
public static class AggregationTimings
{
    /// <summary>As soon as an update is stored: the memory of a round does not grow with its cohort.</summary>
    public const string Eager = "eager";

    /// <summary>When the round closes, for comparison: every update stays in its slot, or on disk when the pool is short.</summary>
    public const string Lazy = "lazy";
}
