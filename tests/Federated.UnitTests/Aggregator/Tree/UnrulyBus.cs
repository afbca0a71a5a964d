using Federated.Aggregator.Events;
using Federated.Numerics;

namespace Federated.UnitTests.Aggregator.Tree;

/// <summary>Delivers every event one to three times, in any order.</summary>
internal sealed class UnrulyBus(IEventBus inner, CounterRandom random) : IEventBus
{
    private readonly Lock _gate = new();

    public ValueTask PublishAsync<TEvent>(TEvent message, CancellationToken cancellationToken)
        where TEvent : class
    {
        int times;
        lock (_gate)
        {
            times = 1 + random.NextInt(3);
        }

        for (int i = 0; i < times; i++)
        {
            _ = Task.Run(() => inner.PublishAsync(message, CancellationToken.None), CancellationToken.None);
        }

        return ValueTask.CompletedTask;
    }

    public IAsyncDisposable Subscribe<TEvent>(Func<TEvent, CancellationToken, ValueTask> handler, int parallelism)
        where TEvent : class => inner.Subscribe(handler, parallelism);
}
