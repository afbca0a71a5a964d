using Federated.Coordination.Persistence;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Coordination.Jobs;

/// <summary>What the rounds behind a job mean for the next one.</summary>
/// <param name="LastNumber">The highest number that a training round or a version has had; no number is used twice.</param>
/// <param name="Examined">Whether the current version has been evaluated, or an evaluation of it was given up.</param>
/// <param name="Described">Whether the statistics at the current version have been taken, or given up.</param>
/// <param name="AbandonedInARow">Training rounds abandoned since the current version was made or the job was resumed.</param>
/// <param name="FailedStatistics">Rounds of statistics abandoned since the last one that closed.</param>
internal sealed record JobHistory(int LastNumber, bool Examined, bool Described, int AbandonedInARow, int FailedStatistics)
{
    public static JobHistory Of(ModelVersionRecord current, IReadOnlyList<RoundRecord> rounds, int failedStatistics)
    {
        RoundRecord[] ended = [.. rounds.Where(round => round.BaseVersion == current.Version && round.State != RoundState.Open)];
        return new JobHistory(
            rounds.Where(round => round.Key.Kind == TaskKind.Train).Select(round => round.Key.Round).Append(current.Version).Max(),
            ended.Any(round => round.Key.Kind == TaskKind.Evaluate),
            ended.Any(round => round.Key.Kind == TaskKind.Statistics),
            ended.Count(round => round.Key.Kind == TaskKind.Train && round.State == RoundState.Abandoned),
            failedStatistics);
    }

    public JobHistory Opened(RoundKey round) => round.Kind == TaskKind.Train ? this with { LastNumber = round.Round } : this;

    public JobHistory Closed(RoundKey round) => round.Kind switch
    {
        TaskKind.Train => new JobHistory(LastNumber, false, false, 0, FailedStatistics),
        TaskKind.Statistics => this with { Described = true, FailedStatistics = 0 },
        _ => this with { Examined = true },
    };

    public JobHistory Abandoned(RoundKey round) => round.Kind switch
    {
        TaskKind.Train => this with { AbandonedInARow = AbandonedInARow + 1 },
        TaskKind.Statistics => this with { Described = true, FailedStatistics = FailedStatistics + 1 },
        _ => this with { Examined = true },
    };

    /// <summary>Nobody who waits can do the task of a round that is no training.</summary>
    public JobHistory Skipped(RoundKey round) =>
        round.Kind == TaskKind.Statistics ? this with { Described = true } : this with { Examined = true };

    /// <summary>An administrator has looked at the job; its abandoned rounds are counted anew.</summary>
    public JobHistory Resumed() => this with { AbandonedInARow = 0 };
}
