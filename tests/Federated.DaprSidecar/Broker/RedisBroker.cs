using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Federated.DaprSidecar.Broker;

/// <summary>
/// Topics as Redis streams with consumer groups, as Dapr's own component lays them out: stream key = topic, field <c>data</c>, group
/// from the stream's beginning. A message to a channel of the topic's name wakes the consumers, so that nobody polls.
/// </summary>
internal sealed partial class RedisBroker(IConnectionMultiplexer redis, TimeProvider time, ILogger<RedisBroker> logger) : IMessageBroker
{
    private const int Batch = 100;
    private const int Concurrency = 10;

    /// <summary>A message that was read but not acknowledged for so long is read again.</summary>
    private static readonly TimeSpan RedeliverAfter = TimeSpan.FromSeconds(5);

    public async Task PublishAsync(string topic, ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        IDatabase database = redis.GetDatabase();
        await database.StreamAddAsync(topic, "data", message).WaitAsync(cancellationToken);
        await database.PublishAsync(WakeChannel(topic), "").WaitAsync(cancellationToken);
    }

    public async Task ConsumeAsync(
        string topic, string group, Func<ReadOnlyMemory<byte>, CancellationToken, Task<bool>> handler, CancellationToken cancellationToken)
    {
        IDatabase database = redis.GetDatabase();
        await EnsureGroupAsync(database, topic, group);
        using var wake = new SemaphoreSlim(0, 1);
        using var room = new SemaphoreSlim(Concurrency);
        var inHand = new ConcurrentDictionary<RedisValue, bool>();
        ChannelMessageQueue woken = await redis.GetSubscriber().SubscribeAsync(WakeChannel(topic));
        woken.OnMessage(_ => Wake(wake));
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                StreamEntry[] entries = await ReadAsync(database, topic, group);
                foreach (StreamEntry entry in entries)
                {
                    // What takes its handler long is not acknowledged yet, and is not given to it a second time meanwhile.
                    if (inHand.TryAdd(entry.Id, true))
                    {
                        await room.WaitAsync(cancellationToken);
                        _ = HandleAsync(database, topic, group, entry, handler, room, inHand, cancellationToken);
                    }
                }

                if (entries.Length == 0)
                {
                    await WaitAsync(wake, cancellationToken);
                }
            }
        }
        finally
        {
            await woken.UnsubscribeAsync();
            for (int i = 0; i < Concurrency; i++)
            {
                await room.WaitAsync(CancellationToken.None);
            }
        }
    }

    private async Task HandleAsync(
        IDatabase database, string topic, string group, StreamEntry entry, Func<ReadOnlyMemory<byte>, CancellationToken, Task<bool>> handler,
        SemaphoreSlim room, ConcurrentDictionary<RedisValue, bool> inHand, CancellationToken cancellationToken)
    {
        try
        {
            if (await handler((byte[])entry["data"]!, cancellationToken))
            {
                await database.StreamAcknowledgeAsync(topic, group, entry.Id);
            }
        }
        catch (Exception exception) when (exception is RedisException or OperationCanceledException)
        {
            LogNotAcknowledged(topic, group, exception.Message);
        }
        finally
        {
            inHand.TryRemove(entry.Id, out _);
            room.Release();
        }
    }

    private async Task<StreamEntry[]> ReadAsync(IDatabase database, string topic, string group)
    {
        try
        {
            StreamEntry[] fresh = await database.StreamReadGroupAsync(topic, group, group, ">", Batch);
            return fresh.Length > 0
                ? fresh
                : (await database.StreamAutoClaimAsync(topic, group, group, (long)RedeliverAfter.TotalMilliseconds, "0-0", Batch)).ClaimedEntries;
        }
        catch (RedisException exception)
        {
            LogNotRead(topic, group, exception.Message);
            return [];
        }
    }

    private static async Task EnsureGroupAsync(IDatabase database, string topic, string group)
    {
        try
        {
            await database.StreamCreateConsumerGroupAsync(topic, group, "0-0", createStream: true);
        }
        catch (RedisServerException exception) when (exception.Message.StartsWith("BUSYGROUP", StringComparison.Ordinal))
        {
            // An earlier run has made it; it goes on from where that one was.
        }
    }

    /// <summary>Until a publisher wakes the consumer, or a message that was not acknowledged may be due again.</summary>
    private async Task WaitAsync(SemaphoreSlim wake, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(RedeliverAfter, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            await wake.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Time to look for messages that come again.
        }
    }

    private static void Wake(SemaphoreSlim wake)
    {
        try
        {
            wake.Release();
        }
        catch (Exception exception) when (exception is SemaphoreFullException or ObjectDisposedException)
        {
            // It is awake already, or has ended.
        }
    }

    private static RedisChannel WakeChannel(string topic) => RedisChannel.Literal("federated:wake:" + topic);

    [LoggerMessage(7011, LogLevel.Warning, "A message of topic {Topic} stays pending for group {Group}: {Reason}", EventName = "MessageStaysPending")]
    private partial void LogNotAcknowledged(string topic, string group, string reason);

    [LoggerMessage(7012, LogLevel.Warning, "Topic {Topic} could not be read for group {Group}: {Reason}", EventName = "TopicNotRead")]
    private partial void LogNotRead(string topic, string group, string reason);
}
