using Federated.Protocol.Rounds;
using Microsoft.Extensions.Logging;

namespace Federated.Aggregator.Tree;

public sealed partial class TreeMember
{
    [LoggerMessage(1601, LogLevel.Error, "Round {Round} could not be closed", EventName = "ClosingFailed")]
    private partial void LogNotClosed(Exception exception, RoundKey round);

    [LoggerMessage(1602, LogLevel.Warning, "An event of round {Round} could not be published", EventName = "EventNotPublished")]
    private partial void LogNotPublished(Exception exception, RoundKey round);

    [LoggerMessage(1603, LogLevel.Warning, "The transfer of partial {PartialId} to node {Parent} ended {Outcome} and is repeated: {Reason}", EventName = "TransferRepeated")]
    private partial void LogTransferRepeated(string partialId, string parent, TransferOutcome outcome, string reason);

    [LoggerMessage(1604, LogLevel.Warning, "The node could not say that it is alive", EventName = "NotAlive")]
    private partial void LogNotAlive(Exception exception);

    [LoggerMessage(1606, LogLevel.Warning, "The node could not say that it leaves; that it is silent will tell", EventName = "LeftUnheard")]
    private partial void LogLeftUnheard(Exception exception);
}
