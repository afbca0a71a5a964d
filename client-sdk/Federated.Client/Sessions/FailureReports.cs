using Federated.Protocol;
using Federated.Protocol.V1;
using Microsoft.Extensions.Logging;

namespace Federated.Client.Sessions;

/// <summary>Tells the server of assignments that come to nothing, so that no round waits for them.</summary>
internal sealed partial class FailureReports(CoordinatorCalls coordinator, TimeProvider timeProvider, ILogger logger)
{
    private static readonly TimeSpan FarewellLimit = TimeSpan.FromSeconds(2);

    /// <summary>Reports a failure; the server may refuse to hear of it.</summary>
    public async Task ReportAsync(string assignmentId, TaskFailure failure, CancellationToken cancellationToken)
    {
        try
        {
            await coordinator.ReportFailureAsync(
                new FailureReport { AssignmentId = assignmentId, Kind = failure.Kind, Message = failure.Message },
                cancellationToken).ConfigureAwait(false);
        }
        catch (FederatedClientException e) when (e.Reason == FederatedClientReason.Refused)
        {
            LogReportRefused(logger, assignmentId, e.Message);
        }
    }

    /// <summary>The application stops: tell the server, so that the round does not wait for this device.</summary>
    public async Task SayGoodbyeAsync(string assignmentId)
    {
        using var limit = new CancellationTokenSource(FarewellLimit, timeProvider);
        try
        {
            await ReportAsync(assignmentId, new TaskFailure(ErrorKinds.Interrupted, "The application stopped."), limit.Token)
                .ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or FederatedClientException)
        {
            LogReportRefused(logger, assignmentId, e.Message);
        }
    }

    [LoggerMessage(EventId = 1404, EventName = "FailureReportRefused", Level = LogLevel.Warning,
        Message = "The failure of assignment {AssignmentId} could not be reported: {Reason}")]
    private static partial void LogReportRefused(ILogger logger, string assignmentId, string reason);
}
