using System.Collections.Frozen;
using Federated.Protocol.V1;

namespace Federated.Coordination.Rounds;

/// <summary>
/// A round whose devices are selected together: waits for its cohort, replaces devices that fail early, and ends with its goal, with its deadline, or when everybody has reported or failed.
/// </summary>
internal sealed class CohortFlow(OpenRound round, CheckInDesk desk, PopulationEstimate population)
{
    private DateTimeOffset _selectionEnds;
    private DateTimeOffset _replaceUntil;
    private bool _deadlinePassed;

    /// <summary>A round begins.</summary>
    public void Begin(DateTimeOffset now)
    {
        _selectionEnds = now + round.Terms!.SelectionTime;
        round.Phase = RoundPhase.Selection;
    }

    /// <summary>A round is taken up again whose deadline is known.</summary>
    public void Resume(DateTimeOffset now) => _replaceUntil = now + ((round.Deadline - now) / 2);

    /// <summary>When <see cref="Advance"/> has something to do next; null for never.</summary>
    /// <param name="advancedAt">When it was called last.</param>
    public DateTimeOffset? NextTick(DateTimeOffset advancedAt) => round.Phase switch
    {
        RoundPhase.Selection when _selectionEnds > advancedAt => _selectionEnds,
        RoundPhase.Reporting => round.Assignments.Outstanding == 0 && _replaceUntil > advancedAt ? _replaceUntil : round.Deadline,
        _ => null,
    };

    public void Advance(DateTimeOffset now)
    {
        if (round.Phase == RoundPhase.Selection)
        {
            SelectCohort(round.Terms!, now);
        }
        else if (round.Phase == RoundPhase.Reporting)
        {
            EndOrReplace(round.Terms!, now);
        }
    }

    /// <summary>The assignment that a device of the cohort gets again when it checks in without it; null when it has to wait.</summary>
    public Assignment? Again(in Candidate candidate) =>
        round.Phase == RoundPhase.Reporting && round.Assignments.FindOf(candidate.DeviceId) is { State: AssignmentState.Outstanding } held && candidate.HeldAssignment != held.Id
            ? held
            : null;

    /// <summary>Gives each assignment its final state by what is in the aggregate, and by nothing else.</summary>
    /// <exception cref="InvalidOperationException">The aggregate holds an update that was never assigned.</exception>
    public void Settle(IReadOnlySet<string> included)
    {
        NoteSilence(included);
        int known = round.Assignments.Settle(included, _deadlinePassed);
        if (known != included.Count)
        {
            throw new InvalidOperationException(
                $"The aggregate of {round.Key} holds {included.Count} updates, of which {known} were assigned.");
        }
    }

    /// <summary>Takes up again what was lost while the round closed; false when the deadline has passed, or nothing was lost that could come again.</summary>
    public bool TryReopen(IReadOnlySet<string> included, DateTimeOffset now)
    {
        Assignment[] missing = [.. round.Assignments.All.Where(assignment =>
            assignment.State is AssignmentState.Stored or AssignmentState.Outstanding && !included.Contains(assignment.Id))];
        if (_deadlinePassed || now >= round.Deadline || !missing.Any(assignment => assignment.State == AssignmentState.Stored))
        {
            return false;
        }

        foreach (Assignment assignment in missing)
        {
            round.Assignments.SetLost(assignment);
        }

        round.Phase = RoundPhase.Reporting;
        return true;
    }

    /// <summary>No assignment counts.</summary>
    public void SettleAbandoned(string reason)
    {
        NoteSilence(FrozenSet<string>.Empty);
        round.Assignments.SettleAbandoned(reason);
    }

    /// <summary>The round is over.</summary>
    public void End() => _deadlinePassed = false;

    private void SelectCohort(RoundTerms terms, DateTimeOffset now)
    {
        int enough = now >= _selectionEnds || population.IsComplete(desk.Count, terms.SelectionTime, now)
            ? terms.Minimum
            : terms.Target;
        if (desk.Count < enough || FindEligible() < enough)
        {
            if (round.Key!.Kind != TaskKind.Train && now >= _selectionEnds && desk.Count > 0 && FindEligible() == 0)
            {
                round.Skip($"None of the {desk.Count} devices that wait can do the task.");
            }

            return;
        }

        round.Phase = RoundPhase.Configuration;
        round.Deadline = now + terms.ReportingTime;
        _replaceUntil = now + (terms.ReportingTime / 2);
        Assign(terms.Target, now);
    }

    private void EndOrReplace(RoundTerms terms, DateTimeOffset now)
    {
        RoundAssignments assignments = round.Assignments;
        if (assignments.Stored >= terms.Goal)
        {
            round.Close("The report goal is reached.");
            return;
        }

        if (now >= round.Deadline)
        {
            _deadlinePassed = true;
            if (assignments.Stored >= terms.Minimum)
            {
                round.Close("The deadline has passed.");
            }
            else
            {
                round.Abandon($"{assignments.Stored} updates at the deadline; at least {terms.Minimum} are needed.");
            }

            return;
        }

        int missing = terms.Goal - assignments.Stored - assignments.Outstanding;
        if (missing > 0 && now < _replaceUntil && FindEligible() > 0)
        {
            Assign(missing, now);
        }

        if (assignments.Outstanding > 0)
        {
            return;
        }

        if (assignments.Stored >= terms.Minimum)
        {
            round.Close("Every device has reported or failed.");
        }
        else if (now >= _replaceUntil)
        {
            round.Abandon($"Every device has reported or failed; {assignments.Stored} updates came, at least {terms.Minimum} are needed.");
        }
    }

    private int FindEligible() => desk.FindEligible(round.Key!.Kind, deviceId => round.Assignments.FindOf(deviceId) is null);

    private void Assign(int most, DateTimeOffset now) => round.Assign(most, () => round.Assignments.All.Count, now);

    private void NoteSilence(IReadOnlySet<string> included)
    {
        if (!_deadlinePassed)
        {
            return;
        }

        foreach (string deviceId in round.Assignments.NoteSilence(included))
        {
            population.Gone(deviceId);
        }
    }
}
