using Federated.Coordination.Persistence;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Coordination.Jobs;

/// <summary>What the rounds behind a job mean for the next one.</summary>
internal sealed class JobHistory
{
    private JobHistory(int lastNumber, bool examined, int abandonedInARow)
    {
        LastNumber = lastNumber;
        Examined = examined;
        AbandonedInARow = abandonedInARow;
    }

    /// <summary>The highest number that a training round or a version has had; no number is used twice.</summary>
    public int LastNumber { get; private set; }

    /// <summary>Whether the current version has been evaluated, or an evaluation of it was abandoned.</summary>
    public bool Examined { get; private set; }

    /// <summary>Training rounds abandoned since the current version was made or the job was resumed.</summary>
    public int AbandonedInARow { get; private set; }

    public static JobHistory Of(ModelVersionRecord current, IReadOnlyList<RoundRecord> rounds)
    {
        IEnumerable<RoundRecord> ofCurrent = rounds.Where(round => round.BaseVersion == current.Version);
        return new JobHistory(
            rounds.Where(round => round.Key.Kind == TaskKind.Train).Select(round => round.Key.Round).Append(current.Version).Max(),
            ofCurrent.Any(round => round.Key.Kind == TaskKind.Evaluate && round.State != RoundState.Open),
            ofCurrent.Count(round => round.Key.Kind == TaskKind.Train && round.State == RoundState.Abandoned));
    }

    public void Opened(RoundKey round)
    {
        if (round.Kind == TaskKind.Train)
        {
            LastNumber = round.Round;
        }
    }

    public void Closed(RoundKey round)
    {
        Examined = round.Kind != TaskKind.Train;
        AbandonedInARow = Examined ? AbandonedInARow : 0;
    }

    /// <summary>An evaluation is not repeated: the next one will tell more than a second try at this one.</summary>
    public void Abandoned(RoundKey round)
    {
        if (round.Kind == TaskKind.Train)
        {
            AbandonedInARow++;
        }
        else
        {
            Examined = true;
        }
    }

    /// <summary>An administrator has looked at the job; its abandoned rounds are counted anew.</summary>
    public void Resumed() => AbandonedInARow = 0;
}
