using Microsoft.Extensions.Logging;

namespace Federated.Client.Sessions;

internal sealed partial class DeviceSession
{
    [LoggerMessage(EventId = 1401, EventName = "TaskFailed", Level = LogLevel.Warning,
        Message = "Assignment {AssignmentId} is given up ({Kind}): {Reason}")]
    private static partial void LogTaskFailed(ILogger logger, string assignmentId, string kind, string reason);

    [LoggerMessage(EventId = 1402, EventName = "UploadRefused", Level = LogLevel.Warning,
        Message = "The update of assignment {AssignmentId} was refused ({Kind}): {Reason}")]
    private static partial void LogUploadRefused(ILogger logger, string assignmentId, string kind, string reason);

    [LoggerMessage(EventId = 1403, EventName = "WatchEnded", Level = LogLevel.Information,
        Message = "No news of pending updates for now: {Reason}")]
    private static partial void LogWatchEnded(ILogger logger, string reason);

    [LoggerMessage(EventId = 1404, EventName = "FailureReportRefused", Level = LogLevel.Warning,
        Message = "The failure of assignment {AssignmentId} could not be reported: {Reason}")]
    private static partial void LogReportRefused(ILogger logger, string assignmentId, string reason);
}
