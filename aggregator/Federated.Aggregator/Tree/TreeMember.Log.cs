using Federated.Protocol.Rounds;
using Microsoft.Extensions.Logging;

namespace Federated.Aggregator.Tree;

public sealed partial class TreeMember
{
    [LoggerMessage(1602, LogLevel.Warning, "An event of round {Round} could not be published", EventName = "EventNotPublished")]
    private partial void LogNotPublished(Exception exception, RoundKey round);

    [LoggerMessage(1606, LogLevel.Warning, "The node could not say that it leaves; that it is silent will tell", EventName = "LeftUnheard")]
    private partial void LogLeftUnheard(Exception exception);
}
