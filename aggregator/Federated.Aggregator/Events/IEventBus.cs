namespace Federated.Aggregator.Events;

/// <summary>
/// Carries claim checks between the functions of a tier, never updates. Delivery is at least once and in no
/// particular order: a handler is idempotent by (round, update id).
/// </summary>
public interface IEventBus
{
    /// <summary>Hands an event to every subscription of its type.</summary>
    ValueTask PublishAsync<TEvent>(TEvent message, CancellationToken cancellationToken)
        where TEvent : class;

    /// <summary>Calls <paramref name="handler"/> for each event, up to <paramref name="parallelism"/> at a time.</summary>
    /// <returns>Ends the subscription: lets the running handlers finish and drops the events that still wait.</returns>
    IAsyncDisposable Subscribe<TEvent>(Func<TEvent, CancellationToken, ValueTask> handler, int parallelism)
        where TEvent : class;
}
