namespace Federated.Protocol.Tier;

/// <summary>
/// A control event of the aggregation tier: a claim check of a few kilobytes at most. Delivery is at least once and in no order, so a
/// handler does nothing when it has handled an event of the same <see cref="IdempotencyKey"/>.
/// </summary>
public interface ITierEvent
{
    /// <summary>The same for every delivery of the same fact, and different for different ones; unique within the event's type.</summary>
    string IdempotencyKey { get; }
}
