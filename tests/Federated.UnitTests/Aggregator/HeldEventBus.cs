using Federated.Aggregator.Events;

namespace Federated.UnitTests.Aggregator;

/// <summary>Keeps events until the test lets them go, as a bus whose leaves are slow or dead.</summary>
internal sealed class HeldEventBus : IEventBus
{
    private readonly List<object> _held = [];
    private Func<object, ValueTask>? _handler;

    public ValueTask PublishAsync<TEvent>(TEvent message, CancellationToken cancellationToken)
        where TEvent : class
    {
        _held.Add(message);
        return ValueTask.CompletedTask;
    }

    public IAsyncDisposable Subscribe<TEvent>(Func<TEvent, CancellationToken, ValueTask> handler, int parallelism)
        where TEvent : class
    {
        _handler = message => handler((TEvent)message, CancellationToken.None);
        return new Ended();
    }

    /// <summary>Delivers every held event <paramref name="times"/> times, in the order of publication.</summary>
    public async Task ReleaseAsync(int times = 1)
    {
        object[] held = [.. _held];
        _held.Clear();
        for (int i = 0; i < times; i++)
        {
            foreach (object message in held)
            {
                await _handler!(message);
            }
        }
    }

    private sealed class Ended : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
