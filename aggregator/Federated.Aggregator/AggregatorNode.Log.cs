using Federated.Protocol.Rounds;
using Microsoft.Extensions.Logging;

namespace Federated.Aggregator;

public sealed partial class AggregatorNode
{
    [LoggerMessage(1101, LogLevel.Information,
        "Node {NodeId} started with {Slots} slots of {SlotBytes} bytes in {Pool}; journal: {Rounds} rounds, {CutBytes} torn bytes cut; "
        + "pool: {Orphans} orphans freed, {Freed} reservations of dead owners freed, {Returned} payloads returned", EventName = "NodeStarted")]
    private partial void LogStarted(
        string nodeId, int slots, int slotBytes, string pool, int rounds, long cutBytes, int orphans, int freed, int returned);

    [LoggerMessage(1102, LogLevel.Warning, "Node {NodeId} stopped before every upload had ended", EventName = "StopCutShort")]
    private partial void LogStopCutShort(string nodeId);

    [LoggerMessage(1103, LogLevel.Information, "Round {Round} opened by writer {WriterEpoch}: {Recovered} updates recovered, {Lost} lost", EventName = "RoundOpened")]
    private partial void LogOpened(RoundKey round, ulong writerEpoch, int recovered, int lost);

    [LoggerMessage(1104, LogLevel.Information, "Round {Round} closed with {Included} updates", EventName = "RoundClosed")]
    private partial void LogClosed(RoundKey round, int included);

    [LoggerMessage(1105, LogLevel.Information, "Round {Round} ended: {Reason}", EventName = "RoundEnded")]
    private partial void LogEnded(RoundKey round, string reason);
}
