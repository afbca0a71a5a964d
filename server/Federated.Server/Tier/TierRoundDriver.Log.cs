using Federated.Protocol.Rounds;

namespace Federated.Server.Tier;

internal sealed partial class TierRoundDriver
{
    [LoggerMessage(4101, LogLevel.Information, "Round {Round}: tree {Revision} has {Nodes} nodes, its top is {Top}", EventName = "TreePlanned")]
    private partial void LogPlanned(RoundKey round, int revision, int nodes, string top);

    [LoggerMessage(4102, LogLevel.Warning, "Round {Round}: no node is there; it waits for one", EventName = "NoNodes")]
    private partial void LogNoNodes(RoundKey round);

    [LoggerMessage(4103, LogLevel.Warning, "Round {Round}: {Count} updates are lost or have to go elsewhere; nodes out of the round: {Lost}", EventName = "UpdatesDisplaced")]
    private partial void LogLost(RoundKey round, int count, string lost);

    [LoggerMessage(4104, LogLevel.Information, "Round {Round}: node {Node} still has {Recovered} updates; {Lost} are gone", EventName = "NodeRecovered")]
    private partial void LogRecovered(RoundKey round, string node, int recovered, int lost);

    [LoggerMessage(4105, LogLevel.Warning, "Round {Round}: a transfer from a node failed", EventName = "TransferFailed")]
    private partial void LogTransferFailed(Exception exception, RoundKey round);

    [LoggerMessage(4107, LogLevel.Warning, "Round {Round}: node {Node} does not know yet where the rule starts: {Reason}", EventName = "StartNotTaken")]
    private partial void LogStartNotTaken(RoundKey round, string node, string reason);

    [LoggerMessage(4106, LogLevel.Error, "Round {Round}: a look at its nodes failed", EventName = "WatchFailed")]
    private partial void LogWatchFailed(Exception exception, RoundKey round);
}
