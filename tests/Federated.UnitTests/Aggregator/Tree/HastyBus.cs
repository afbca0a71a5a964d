using Federated.Aggregator.Events;
using Federated.Protocol.Tier;

namespace Federated.UnitTests.Aggregator.Tree;

/// <summary>Has a round opened at the node that joins before the node hears that its word was taken.</summary>
internal sealed class HastyBus(IEventBus inner, RoundOpened opened) : IEventBus
{
    public async ValueTask PublishAsync<TEvent>(TEvent message, CancellationToken cancellationToken)
        where TEvent : class
    {
        if (message is not NodeJoined)
        {
            await inner.PublishAsync(message, cancellationToken);
            return;
        }

        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using IAsyncDisposable hearing = inner.Subscribe<RoundReady>(
            (_, _) =>
            {
                ready.TrySetResult();
                return ValueTask.CompletedTask;
            },
            1);
        await inner.PublishAsync(opened, cancellationToken);
        await ready.Task.WaitAsync(cancellationToken);
    }

    public IAsyncDisposable Subscribe<TEvent>(Func<TEvent, CancellationToken, ValueTask> handler, int parallelism)
        where TEvent : class => inner.Subscribe(handler, parallelism);
}
