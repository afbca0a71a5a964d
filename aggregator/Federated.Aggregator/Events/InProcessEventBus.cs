using System.Collections.Immutable;
using Microsoft.Extensions.Logging;

namespace Federated.Aggregator.Events;

/// <summary>The bus of a tier that is one process: a channel per subscription.</summary>
public sealed class InProcessEventBus(ILogger<InProcessEventBus> logger) : IEventBus
{
    private ImmutableArray<ISubscription> _subscriptions = [];

    public ValueTask PublishAsync<TEvent>(TEvent message, CancellationToken cancellationToken)
        where TEvent : class
    {
        cancellationToken.ThrowIfCancellationRequested();
        foreach (ISubscription subscription in _subscriptions)
        {
            (subscription as Subscription<TEvent>)?.Offer(message);
        }

        return ValueTask.CompletedTask;
    }

    public IAsyncDisposable Subscribe<TEvent>(Func<TEvent, CancellationToken, ValueTask> handler, int parallelism)
        where TEvent : class
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(parallelism, 1);
        var subscription = new Subscription<TEvent>(handler, parallelism, logger, Remove);
        ImmutableInterlocked.Update(ref _subscriptions, list => list.Add(subscription));
        return subscription;
    }

    private void Remove(ISubscription subscription) =>
        ImmutableInterlocked.Update(ref _subscriptions, list => list.Remove(subscription));
}
