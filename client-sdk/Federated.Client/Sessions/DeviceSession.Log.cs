using Microsoft.Extensions.Logging;

namespace Federated.Client.Sessions;

internal sealed partial class DeviceSession
{
    [LoggerMessage(EventId = 1401, EventName = "TaskFailed", Level = LogLevel.Warning,
        Message = "Assignment {AssignmentId} is given up ({Kind}): {Reason}")]
    private static partial void LogTaskFailed(ILogger logger, string assignmentId, string kind, string reason);
}
