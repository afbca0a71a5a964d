using Federated.DaprSidecar.Broker;
using Federated.DaprSidecar.Faults;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Federated.DaprSidecar.Delivery;

/// <summary>Takes the messages of one app from the broker and posts them to it: faults, retries, dead letters.</summary>
internal sealed partial class DeliveryService(
    SidecarApp app, SidecarOptions options, IMessageBroker broker, FaultInjector faults, TimeProvider time, ILogger<DeliveryService> logger)
    : BackgroundService
{
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromMilliseconds(100);

    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Done when every subscription of the app is known to the broker; at once for an app that listens to nothing.</summary>
    public Task Ready => app.Address is null ? Task.CompletedTask : _ready.Task;

    /// <summary>What the app subscribes to; empty until it was asked.</summary>
    public IReadOnlyList<AppSubscription> Subscriptions { get; private set; } = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (app.Address is not { } address)
        {
            return;
        }

        using var channel = new AppChannel(address);
        try
        {
            Subscriptions = await FetchAsync(channel, stoppingToken);
            Task[] consumers = [.. Subscriptions.Select(subscription => ConsumeAsync(channel, subscription, stoppingToken))];
            _ready.TrySetResult();
            LogReady(app.Id, Subscriptions.Count);
            await Task.WhenAll(consumers);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The sidecar stops.
        }
    }

    private async Task<IReadOnlyList<AppSubscription>> FetchAsync(AppChannel channel, CancellationToken cancellationToken)
    {
        IReadOnlyList<AppSubscription>? subscriptions;
        while ((subscriptions = await channel.FetchSubscriptionsAsync(cancellationToken)) is null)
        {
            await Task.Delay(AskAgainAfter, time, cancellationToken);
        }

        foreach (AppSubscription subscription in subscriptions.Where(subscription => subscription.PubSubName != options.PubSub))
        {
            LogUnknownPubSub(app.Id, subscription.PubSubName, subscription.Topic);
        }

        return [.. subscriptions.Where(subscription => subscription.PubSubName == options.PubSub)];
    }

    private Task ConsumeAsync(AppChannel channel, AppSubscription subscription, CancellationToken cancellationToken) =>
        broker.ConsumeAsync(
            subscription.Topic, app.Id, (message, token) => HandleAsync(channel, subscription, message, token), cancellationToken);

    /// <returns>False when the broker is to hand the message out again.</returns>
    private async Task<bool> HandleAsync(
        AppChannel channel, AppSubscription subscription, ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        int times = await faults.PassAsync(cancellationToken);
        bool isDone = true;
        for (int i = 0; i < times; i++)
        {
            isDone = await DeliverAsync(channel, subscription, message, cancellationToken);
        }

        return isDone;
    }

    private async Task<bool> DeliverAsync(
        AppChannel channel, AppSubscription subscription, ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        DeliveryStatus status = CloudEvents.HasExpired(message, time)
            ? DeliveryStatus.Drop
            : await TryAsync(channel, subscription, message, cancellationToken);
        if (status == DeliveryStatus.Success)
        {
            return true;
        }

        if (subscription.DeadLetterTopic is { } deadLetter)
        {
            await broker.PublishAsync(deadLetter, message, cancellationToken);
            LogDeadLetter(app.Id, subscription.Topic, deadLetter);
            return true;
        }

        return status == DeliveryStatus.Drop;
    }

    private async Task<DeliveryStatus> TryAsync(
        AppChannel channel, AppSubscription subscription, ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        for (int retries = 0; ; retries++)
        {
            ReadOnlyMemory<byte> envelope = subscription.IsRawPayload
                ? CloudEvents.WrapRaw(message, subscription.Topic, subscription.PubSubName, time)
                : message;
            DeliveryStatus status = await channel.DeliverAsync(subscription.Route, envelope, cancellationToken);
            if (status != DeliveryStatus.Retry || retries == options.Retry.MaxRetries)
            {
                return status;
            }

            await Task.Delay(options.Retry.Interval, time, cancellationToken);
        }
    }

    [LoggerMessage(7101, LogLevel.Information, "App {App} is reached; it has {Count} subscriptions", EventName = "AppReady")]
    private partial void LogReady(string app, int count);

    [LoggerMessage(7102, LogLevel.Warning, "App {App} subscribes to topic {Topic} of {PubSub}, a component that this sidecar does not have", EventName = "UnknownPubSub")]
    private partial void LogUnknownPubSub(string app, string pubSub, string topic);

    [LoggerMessage(7103, LogLevel.Warning, "A message for app {App} of topic {Topic} went to the dead-letter topic {DeadLetter}", EventName = "DeadLetter")]
    private partial void LogDeadLetter(string app, string topic, string deadLetter);
}
