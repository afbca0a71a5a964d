using Federated.Coordination.Persistence;
using Federated.Protocol.Rounds;
using Microsoft.Extensions.Logging;

namespace Federated.Coordination.Jobs;

internal sealed partial class JobCoordinator
{
    [LoggerMessage(3001, LogLevel.Information, "Job {Job}: taken over with writer epoch {Epoch} at version {Version}; open round: {OpenRound}")]
    private partial void LogTakenOver(JobKey job, long epoch, int version, int? openRound);

    [LoggerMessage(3002, LogLevel.Information, "Round {Round}: resumed with {Recovered} updates recovered and {Lost} lost of {Assigned} assignments")]
    private partial void LogResumed(RoundKey round, int recovered, int lost, int assigned);

    [LoggerMessage(3003, LogLevel.Information, "Round {Round}: opened with {Assigned} devices, report goal {Goal}")]
    private partial void LogOpened(RoundKey round, int assigned, int goal);

    [LoggerMessage(3004, LogLevel.Information, "Round {Round}: {Count} devices replace those that failed")]
    private partial void LogReplaced(RoundKey round, int count);

    [LoggerMessage(3005, LogLevel.Information, "Round {Round}: closed, {Counted} of {Assigned} updates counted. {Reason}")]
    private partial void LogClosed(RoundKey round, int counted, int assigned, string reason);

    [LoggerMessage(3006, LogLevel.Warning, "Round {Round}: abandoned. {Reason}")]
    private partial void LogAbandoned(RoundKey round, string reason);

    [LoggerMessage(3007, LogLevel.Information, "Round {Round}: assignment {Assignment} failed with {Kind}")]
    private partial void LogDeviceFailed(RoundKey round, string assignment, string kind);

    [LoggerMessage(3008, LogLevel.Warning, "Round {Round}: an update names assignment {Assignment}, which was never made")]
    private partial void LogUnknownUpdate(RoundKey round, string assignment);

    [LoggerMessage(3009, LogLevel.Information, "Job {Job}: rolled back to version {Wanted}, now version {Version}")]
    private partial void LogRolledBack(JobKey job, int wanted, int version);

    [LoggerMessage(3010, LogLevel.Information, "Job {Job}: ended as {Status}. {Reason}")]
    private partial void LogEnded(JobKey job, JobStatus status, string? reason);

    [LoggerMessage(3011, LogLevel.Warning, "Job {Job}: writer epoch {Epoch} is fenced; another coordinator has the job")]
    private partial void LogFenced(JobKey job, long epoch);
}
