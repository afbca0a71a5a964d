using Federated.Coordination.Persistence;
using Microsoft.Extensions.Logging;

namespace Federated.Coordination.Exchange;

internal sealed partial class ExchangeLoop
{
    private void LogOpened(JobKey job, uint round, int version) => LogOpened(_logger, job, round, version);

    private void LogCheckpoint(JobKey job, uint round, int version) => LogCheckpoint(_logger, job, round, version);

    private void LogOtherState(JobKey job, uint machine, uint round) => LogOtherState(_logger, job, machine, round);

    private void LogMissed(JobKey job, uint machine, uint round) => LogMissed(_logger, job, machine, round);

    [LoggerMessage(3040, LogLevel.Information, "Exchange {Job}: goes on at round {Round} behind version {Version}")]
    private static partial void LogOpened(ILogger logger, JobKey job, uint round, int version);

    [LoggerMessage(3041, LogLevel.Information, "Exchange {Job}: checkpoint before round {Round}, version {Version}")]
    private static partial void LogCheckpoint(ILogger logger, JobKey job, uint round, int version);

    [LoggerMessage(3042, LogLevel.Warning, "Exchange {Job}: machine {Machine} has another state before round {Round}; it has to take the checkpoint")]
    private static partial void LogOtherState(ILogger logger, JobKey job, uint machine, uint round);

    [LoggerMessage(3043, LogLevel.Information, "Exchange {Job}: machine {Machine} has not sent for round {Round}; rounds do not wait for it any more")]
    private static partial void LogMissed(ILogger logger, JobKey job, uint machine, uint round);
}
