using System.Collections.Concurrent;
using Federated.Aggregator.Events;

namespace Federated.Benchmarks.Gateway;

/// <summary>Lets the leaves work between the timed uploads instead of beside them.</summary>
internal sealed class DeferredEventBus : IEventBus
{
    private readonly ConcurrentQueue<object> _events = new();
    private Func<object, ValueTask>? _handler;

    public ValueTask PublishAsync<TEvent>(TEvent message, CancellationToken cancellationToken)
        where TEvent : class
    {
        _events.Enqueue(message);
        return ValueTask.CompletedTask;
    }

    public IAsyncDisposable Subscribe<TEvent>(Func<TEvent, CancellationToken, ValueTask> handler, int parallelism)
        where TEvent : class
    {
        _handler = message => handler((TEvent)message, CancellationToken.None);
        return new Ended();
    }

    public async Task DeliverAsync()
    {
        while (_events.TryDequeue(out object? message))
        {
            await _handler!(message);
        }
    }

    private sealed class Ended : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
