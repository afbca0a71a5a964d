using System.Text.Json;

namespace Federated.Aggregator.Hosting.Dapr;

/// <summary>A handler of events that the sidecar delivers, up to so many at a time.</summary>
internal sealed class DaprSubscription<TEvent>(
    Func<TEvent, CancellationToken, ValueTask> handler, int parallelism, Action<IDaprSubscription> remove) : IDaprSubscription
    where TEvent : class
{
    private readonly SemaphoreSlim _turns = new(parallelism);
    private readonly CancellationTokenSource _stop = new();

    public Type EventType => typeof(TEvent);

    public async Task DeliverAsync(JsonElement message, CancellationToken cancellationToken)
    {
        var read = (TEvent)(message.Deserialize(TierTopics.FormatOf(typeof(TEvent))) ?? throw new JsonException("The event is null."));
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stop.Token);
        await _turns.WaitAsync(either.Token);
        try
        {
            await handler(read, either.Token);
        }
        finally
        {
            _turns.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        remove(this);
        await _stop.CancelAsync();
        for (int i = 0; i < parallelism; i++)
        {
            await _turns.WaitAsync(CancellationToken.None);
        }

        _stop.Dispose();
        _turns.Dispose();
    }
}
