using Federated.Aggregator.Events;
using Federated.Aggregator.Functions;
using Federated.Protocol.Tier;
using Microsoft.Extensions.Logging;

namespace Federated.Aggregator.Tree;

/// <summary>Says on an interval that the node lives, how busy it is and what it holds; more often while it has a round.</summary>
internal sealed partial class SignsOfLife(
    AggregatorNode node, IEventBus bus, MemberRounds rounds, DeviceRevocations revocations, Func<NodeJoined> introduce, TreeMemberOptions options, TimeProvider time,
    ILogger logger) : IAsyncDisposable
{
    private ITimer? _timer;
    private long _sequence;

    /// <summary>The first sign comes after the interval of a node without a round; sooner where one was opened before, by a server that has heard the node join.</summary>
    public void Start()
    {
        _timer = time.CreateTimer(_ => _ = SayAsync(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(options.IdleAliveInterval, Timeout.InfiniteTimeSpan);
        if (!rounds.IsEmpty)
        {
            Hurry();
        }
    }

    /// <summary>A round is open from now on.</summary>
    public void Hurry() => _timer?.Change(options.AliveInterval, Timeout.InfiniteTimeSpan);

    public ValueTask DisposeAsync() => _timer?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async Task SayAsync()
    {
        try
        {
            NodeJoined introduction = introduce();
            NodeLoadView load = node.SampleLoad();
            await bus.PublishAsync(
                new NodeAlive(
                    node.NodeId, introduction.Incarnation, ++_sequence, load.Waiting, load.ArrivalRate, load.SecondsPerUpdate, node.Slots.Free, load.IdleWorkers,
                    HeldOnes(), introduction, revocations.Known),
                CancellationToken.None);
        }
        catch (Exception exception)
        {
            LogNotAlive(exception);
        }

        try
        {
            _timer!.Change(rounds.IsEmpty ? options.IdleAliveInterval : options.AliveInterval, Timeout.InfiniteTimeSpan);
        }
        catch (ObjectDisposedException)
        {
            // The node has stopped meanwhile.
        }
    }

    /// <summary>The rounds that a sign of life names; when they are too many for one, the next names others.</summary>
    private HeldRound[] HeldOnes()
    {
        IReadOnlyList<HeldRound> all = node.HeldRounds();
        int from = all.Count <= NodeAlive.MaxRounds ? 0 : (int)(_sequence * NodeAlive.MaxRounds % all.Count);
        return [.. all.OrderBy(round => round.Key.ToString(), StringComparer.Ordinal).Skip(from).Take(NodeAlive.MaxRounds)];
    }

    [LoggerMessage(1604, LogLevel.Warning, "The node could not say that it is alive", EventName = "NotAlive")]
    private partial void LogNotAlive(Exception exception);
}
