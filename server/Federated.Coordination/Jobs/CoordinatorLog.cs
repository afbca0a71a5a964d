using Federated.Coordination.Persistence;
using Federated.Protocol.Rounds;
using Microsoft.Extensions.Logging;

namespace Federated.Coordination.Jobs;

/// <summary>What the coordinator of a job writes to the log.</summary>
internal static partial class CoordinatorLog
{
    [LoggerMessage(3001, LogLevel.Information, "Job {Job}: taken over with writer epoch {Epoch} at version {Version}; open round: {OpenRound}")]
    public static partial void TakenOver(this ILogger logger, JobKey job, long epoch, int version, int? openRound);

    [LoggerMessage(3002, LogLevel.Information, "Round {Round}: resumed with {Recovered} updates recovered and {Lost} lost of {Assigned} assignments")]
    public static partial void Resumed(this ILogger logger, RoundKey round, int recovered, int lost, int assigned);

    [LoggerMessage(3003, LogLevel.Information, "Round {Round}: opened with {Assigned} devices, report goal {Goal}")]
    public static partial void Opened(this ILogger logger, RoundKey round, int assigned, int goal);

    [LoggerMessage(3004, LogLevel.Information, "Round {Round}: {Count} devices replace those that failed")]
    public static partial void Replaced(this ILogger logger, RoundKey round, int count);

    [LoggerMessage(3005, LogLevel.Information, "Round {Round}: closed, {Counted} of {Assigned} updates counted. {Reason}")]
    public static partial void Closed(this ILogger logger, RoundKey round, int counted, int assigned, string reason);

    [LoggerMessage(3006, LogLevel.Warning, "Round {Round}: abandoned. {Reason}")]
    public static partial void Abandoned(this ILogger logger, RoundKey round, string reason);

    [LoggerMessage(3012, LogLevel.Warning, "Round {Round}: not held. {Reason}")]
    public static partial void Skipped(this ILogger logger, RoundKey round, string reason);

    [LoggerMessage(3007, LogLevel.Information, "Round {Round}: assignment {Assignment} failed with {Kind}")]
    public static partial void DeviceFailed(this ILogger logger, RoundKey round, string assignment, string kind);

    [LoggerMessage(3008, LogLevel.Warning, "Round {Round}: an update names assignment {Assignment}, which was never made")]
    public static partial void UnknownUpdate(this ILogger logger, RoundKey round, string assignment);

    [LoggerMessage(3013, LogLevel.Warning, "Round {Round}: the tier has lost a node; {Count} updates have to go elsewhere")]
    public static partial void UpdatesLost(this ILogger logger, RoundKey round, int count);

    [LoggerMessage(3014, LogLevel.Warning, "Round {Round}: a node was lost while it closed; {Left} updates are left, {Minimum} are needed, so devices report again")]
    public static partial void Reopened(this ILogger logger, RoundKey round, int left, int minimum);

    [LoggerMessage(3015, LogLevel.Information, "Round {Round}: {Usable} of the {Stored} updates of the buffer can be used, {Goal} are needed, so it takes others")]
    public static partial void GoesOn(this ILogger logger, RoundKey round, int usable, int stored, int goal);

    [LoggerMessage(3009, LogLevel.Information, "Job {Job}: rolled back to version {Wanted}, now version {Version}")]
    public static partial void RolledBack(this ILogger logger, JobKey job, int wanted, int version);

    [LoggerMessage(3010, LogLevel.Information, "Job {Job}: ended as {Status}. {Reason}")]
    public static partial void Ended(this ILogger logger, JobKey job, JobStatus status, string? reason);

    [LoggerMessage(3011, LogLevel.Warning, "Job {Job}: writer epoch {Epoch} is fenced; another coordinator has the job")]
    public static partial void Fenced(this ILogger logger, JobKey job, long epoch);
}
