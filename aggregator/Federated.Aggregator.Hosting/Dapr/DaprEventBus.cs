using System.Collections.Immutable;
using System.Text.Json;
using Dapr.Client;
using Federated.Aggregator.Events;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Federated.Aggregator.Hosting.Dapr;

/// <summary>
/// The bus of a tier of several processes. Events of the tier travel through Dapr's pub/sub, a topic each, to every app that listens
/// to the topic; everything else, such as the claim checks between gateway and leaves, stays on the in-process bus.
/// </summary>
internal sealed partial class DaprEventBus(
    DaprClient client, SidecarCalls sidecar, InProcessEventBus local, IOptions<DaprOptions> options, ILogger<DaprEventBus> logger) : IEventBus
{
    private const int RememberedIds = 8192;

    private readonly RecentIds _handled = new(RememberedIds);
    private ImmutableArray<IDaprSubscription> _subscriptions = [];

    public async ValueTask PublishAsync<TEvent>(TEvent message, CancellationToken cancellationToken)
        where TEvent : class
    {
        if (!TierTopics.Contains(typeof(TEvent)))
        {
            await local.PublishAsync(message, cancellationToken);
            return;
        }

        byte[] data = JsonSerializer.SerializeToUtf8Bytes(
            new TierMessage(Guid.CreateVersion7().ToString("N"), JsonSerializer.SerializeToElement(message, TierTopics.FormatOf(typeof(TEvent)))),
            TierMessageJson.Default.TierMessage);
        if (data.Length > TierMessage.MaxBytes)
        {
            throw new InvalidOperationException(
                $"An event {typeof(TEvent).Name} takes {data.Length} bytes; events are claim checks of at most {TierMessage.MaxBytes}.");
        }

        string topic = TierTopics.NameOf(options.Value.Prefix, typeof(TEvent));
        await sidecar.RunAsync(
            async token =>
            {
                await client.PublishByteEventAsync(options.Value.PubSub, topic, data, "application/json", cancellationToken: token);
                return true;
            },
            cancellationToken);
    }

    public IAsyncDisposable Subscribe<TEvent>(Func<TEvent, CancellationToken, ValueTask> handler, int parallelism)
        where TEvent : class
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(parallelism, 1);
        if (!TierTopics.Contains(typeof(TEvent)))
        {
            return local.Subscribe(handler, parallelism);
        }

        var subscription = new DaprSubscription<TEvent>(handler, parallelism, Remove);
        ImmutableInterlocked.Update(ref _subscriptions, list => list.Add(subscription));
        return subscription;
    }

    /// <summary>Hands a delivery of the sidecar to the handlers and says what the sidecar is to do with it.</summary>
    internal async Task<DeliveryAnswer> DeliverAsync(Type type, Stream body, CancellationToken cancellationToken)
    {
        TierMessage message;
        try
        {
            message = await JsonSerializer.DeserializeAsync(body, TierMessageJson.Default.TierMessage, cancellationToken)
                ?? throw new JsonException("The message is null.");
        }
        catch (JsonException exception)
        {
            LogUnreadable(exception, type.Name);
            return DeliveryAnswer.Drop;
        }

        string key = $"{type.Name}/{message.Id}";
        if (_handled.Contains(key))
        {
            return DeliveryAnswer.Success;
        }

        try
        {
            foreach (IDaprSubscription subscription in _subscriptions)
            {
                if (subscription.EventType == type)
                {
                    await subscription.DeliverAsync(message.Event, cancellationToken);
                }
            }
        }
        catch (JsonException exception)
        {
            LogUnreadable(exception, type.Name);
            return DeliveryAnswer.Drop;
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            LogFailed(exception, type.Name, message.Id);
            return DeliveryAnswer.Retry;
        }

        _handled.Add(key);
        return DeliveryAnswer.Success;
    }

    private void Remove(IDaprSubscription subscription) =>
        ImmutableInterlocked.Update(ref _subscriptions, list => list.Remove(subscription));

    [LoggerMessage(1711, LogLevel.Error, "An event {Event} cannot be read; it is dropped", EventName = "EventUnreadable")]
    private partial void LogUnreadable(Exception exception, string @event);

    [LoggerMessage(1712, LogLevel.Error, "Handling {Event} {Id} failed; the sidecar is asked to deliver it again", EventName = "EventFailed")]
    private partial void LogFailed(Exception exception, string @event, string id);
}
