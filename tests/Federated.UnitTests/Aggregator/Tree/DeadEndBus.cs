using Federated.Aggregator.Events;
using Federated.Protocol.Tier;

namespace Federated.UnitTests.Aggregator.Tree;

/// <summary>Carries everything but a node's farewell, which waits for ever, as for a sidecar that is gone.</summary>
internal sealed class DeadEndBus(IEventBus inner) : IEventBus
{
    private readonly TaskCompletionSource _waits = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when a farewell waits.</summary>
    public Task Waits => _waits.Task;

    public async ValueTask PublishAsync<TEvent>(TEvent message, CancellationToken cancellationToken)
        where TEvent : class
    {
        if (message is not NodeLeft)
        {
            await inner.PublishAsync(message, cancellationToken);
            return;
        }

        var never = new TaskCompletionSource();
        await using CancellationTokenRegistration cancelled = cancellationToken.Register(() => never.TrySetCanceled(cancellationToken));
        _waits.TrySetResult();
        await never.Task;
    }

    public IAsyncDisposable Subscribe<TEvent>(Func<TEvent, CancellationToken, ValueTask> handler, int parallelism)
        where TEvent : class => inner.Subscribe(handler, parallelism);
}
