using Federated.Coordination.Persistence;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Coordination.Jobs;

/// <summary>What the rounds behind a job mean for the next one.</summary>
/// <param name="LastNumber">The highest number that a training round or a version has had; no number is used twice.</param>
/// <param name="Examined">Whether the current version has been evaluated, or an evaluation of it was given up.</param>
/// <param name="Described">Whether the statistics at the current version have been taken, or given up.</param>
/// <param name="AbandonedInARow">Training rounds abandoned since the current version was made or the job was resumed.</param>
internal sealed record JobHistory(int LastNumber, bool Examined, bool Described, int AbandonedInARow)
{
    public static JobHistory Of(ModelVersionRecord current, IReadOnlyList<RoundRecord> rounds)
    {
        RoundRecord[] ended = [.. rounds.Where(round => round.BaseVersion == current.Version && round.State != RoundState.Open)];
        return new JobHistory(
            rounds.Where(round => round.Key.Kind == TaskKind.Train).Select(round => round.Key.Round).Append(current.Version).Max(),
            ended.Any(round => round.Key.Kind == TaskKind.Evaluate),
            ended.Any(round => round.Key.Kind == TaskKind.Statistics),
            ended.Count(round => round.Key.Kind == TaskKind.Train && round.State == RoundState.Abandoned));
    }

    public JobHistory Opened(RoundKey round) => round.Kind == TaskKind.Train ? this with { LastNumber = round.Round } : this;

    public JobHistory Closed(RoundKey round) =>
        round.Kind == TaskKind.Train ? new JobHistory(LastNumber, false, false, 0) : Figured(round);

    public JobHistory Abandoned(RoundKey round) =>
        round.Kind == TaskKind.Train ? this with { AbandonedInARow = AbandonedInARow + 1 } : Figured(round);

    /// <summary>An administrator has looked at the job; its abandoned rounds are counted anew.</summary>
    public JobHistory Resumed() => this with { AbandonedInARow = 0 };

    /// <summary>Figures of a version are had or given up. Evaluations and statistics are not repeated: the next one will tell more than a second try at this one.</summary>
    private JobHistory Figured(RoundKey round) =>
        round.Kind == TaskKind.Evaluate ? this with { Examined = true } : this with { Described = true };
}
