using Federated.Coordination.Selection;
using Federated.Protocol.Rounds;

namespace Federated.Coordination.Rounds;

/// <summary>The open round: its key and terms, its phase and its assignments. Gives tasks out and says when the round ends; when to do either is the matter of <see cref="CohortFlow"/> or <see cref="BufferFlow"/>.</summary>
internal sealed class OpenRound(ISelectionStrategy selection, CheckInDesk desk, Queue<RoundDecision> decisions)
{
    /// <summary>Where the round stands.</summary>
    public RoundPhase Phase { get; set; }

    /// <summary>Null when idle.</summary>
    public RoundKey? Key { get; private set; }

    /// <summary>How the round is filled and when it ends; null when idle.</summary>
    public RoundTerms? Terms { get; set; }

    /// <summary>When reporting ends at the latest; meaningful from configuration on.</summary>
    public DateTimeOffset Deadline { get; set; }

    public RoundAssignments Assignments { get; } = new();

    /// <summary>Whether devices have tasks of it.</summary>
    public bool IsOpen => Phase is RoundPhase.Configuration or RoundPhase.Reporting or RoundPhase.Closing;

    /// <summary>Whether the round is a buffer of an asynchronous job.</summary>
    public bool IsBuffer => Terms?.Buffer is not null;

    public void Begin(RoundKey key, RoundTerms terms)
    {
        Require(RoundPhase.Idle);
        Key = key;
        Terms = terms;
    }

    /// <summary>Forgets everything.</summary>
    public void End()
    {
        Phase = RoundPhase.Idle;
        Key = null;
        Terms = null;
        Assignments.Clear();
    }

    /// <summary>Gives tasks to devices that the desk has found eligible.</summary>
    /// <param name="most">How many, if there are so many.</param>
    /// <param name="nextNumber">Numbers the next assignment.</param>
    /// <param name="now">The time.</param>
    public void Assign(int most, Func<int> nextNumber, DateTimeOffset now)
    {
        int count = Math.Min(most, desk.Eligible.Count);
        foreach (int index in selection.Select(Key!, Assignments.All.Count, [.. desk.Eligible.Select(candidate => candidate.ClientIndex)], count))
        {
            Candidate chosen = desk.Eligible[index];
            int number = nextNumber();
            var assignment = new Assignment(AssignmentIds.Of(Key!, number), number, chosen.DeviceId, chosen.ClientIndex)
            {
                Round = Key!.Round,
                ReportBy = now + Terms!.ReportingTime,
            };
            Assignments.Add(assignment);
            desk.Take(chosen);
            decisions.Enqueue(new RoundDecision(RoundDecisionKind.Assign, chosen.CallId, assignment));
        }
    }

    /// <summary>A device gets the task that it has once more.</summary>
    public void Redeliver(long callId, Assignment held) => decisions.Enqueue(new RoundDecision(RoundDecisionKind.Redeliver, callId, held));

    public void Close(string reason) => EndBy(RoundDecisionKind.Close, reason);

    public void Abandon(string reason) => EndBy(RoundDecisionKind.Abandon, reason);

    public void Skip(string reason) => EndBy(RoundDecisionKind.Skip, reason);

    public void Require(RoundPhase phase)
    {
        if (Phase != phase)
        {
            throw new InvalidOperationException($"Round {Key}: the machine is in phase {Phase}, not {phase}.");
        }
    }

    private void EndBy(RoundDecisionKind kind, string reason)
    {
        Phase = RoundPhase.Closing;
        decisions.Enqueue(new RoundDecision(kind, Reason: reason));
    }
}
