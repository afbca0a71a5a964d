using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Federated.DaprSidecar.Broker;

/// <summary>A broker that lives as long as the sidecar; what has no group yet gets lost. Like Dapr's in-memory component it gives up after ten tries.</summary>
internal sealed partial class InMemoryBroker(TimeProvider time, ILogger<InMemoryBroker> logger) : IMessageBroker
{
    private const int Tries = 10;
    private const int Concurrency = 10;
    private static readonly TimeSpan TryAgainAfter = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<string, ConcurrentDictionary<string, Channel<ReadOnlyMemory<byte>>>> _topics = new(StringComparer.Ordinal);

    public Task PublishAsync(string topic, ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        foreach (Channel<ReadOnlyMemory<byte>> group in GroupsOf(topic).Values)
        {
            group.Writer.TryWrite(message);
        }

        return Task.CompletedTask;
    }

    public Task ConsumeAsync(
        string topic, string group, Func<ReadOnlyMemory<byte>, CancellationToken, Task<bool>> handler, CancellationToken cancellationToken)
    {
        Channel<ReadOnlyMemory<byte>> queue = GroupsOf(topic).GetOrAdd(group, _ => Channel.CreateUnbounded<ReadOnlyMemory<byte>>());
        return Parallel.ForEachAsync(
            queue.Reader.ReadAllAsync(cancellationToken),
            new ParallelOptions { MaxDegreeOfParallelism = Concurrency, CancellationToken = cancellationToken },
            async (message, token) => await HandleAsync(topic, group, message, handler, token));
    }

    private async Task HandleAsync(
        string topic, string group, ReadOnlyMemory<byte> message, Func<ReadOnlyMemory<byte>, CancellationToken, Task<bool>> handler, CancellationToken cancellationToken)
    {
        for (int tries = 1; !await handler(message, cancellationToken); tries++)
        {
            if (tries == Tries)
            {
                LogGivenUp(topic, group, Tries);
                return;
            }

            await Task.Delay(TryAgainAfter, time, cancellationToken);
        }
    }

    private ConcurrentDictionary<string, Channel<ReadOnlyMemory<byte>>> GroupsOf(string topic) =>
        _topics.GetOrAdd(topic, _ => new ConcurrentDictionary<string, Channel<ReadOnlyMemory<byte>>>(StringComparer.Ordinal));

    [LoggerMessage(7001, LogLevel.Warning, "A message of topic {Topic} was given up for group {Group} after {Tries} tries", EventName = "MessageGivenUp")]
    private partial void LogGivenUp(string topic, string group, int tries);
}
