using Federated.Coordination.Persistence;
using Federated.Coordination.Rounds;
using Federated.Coordination.Selection;
using Federated.Coordination.Tier;
using Microsoft.Extensions.Logging;

namespace Federated.Coordination.Jobs;

/// <summary>Goes on with a job from what the store says: its open round is open again, or the next one begins.</summary>
internal sealed class JobTakeOver
{
    // A client that was last counted longer ago is as good as one that never was.
    private const int RoundsLookedBack = 1000;

    private readonly CoordinatedJob _job;
    private readonly RoundOpening _opening;
    private readonly RoundClosing _closing;
    private readonly ILogger _logger;

    public JobTakeOver(CoordinatedJob job, RoundOpening opening, RoundClosing closing, ILogger logger)
    {
        _job = job;
        _opening = opening;
        _closing = closing;
        _logger = logger;
    }

    public async Task RunAsync(JobSnapshot snapshot, CancellationToken stop)
    {
        foreach (RoundRecord round in snapshot.Rounds)
        {
            // A coordinator may have died between the commit point and telling the tier.
            await (round.State switch
            {
                RoundState.Closed => _job.Services.Tier.ForgetRoundAsync(round.Key, stop),
                RoundState.Abandoned => _job.Services.Tier.AbandonRoundAsync(round.Key, round.Reason ?? "", stop),
                _ => Task.CompletedTask,
            });
        }

        if (!_job.IsActive)
        {
            return;
        }

        await _job.LoadModelAsync(snapshot.Current, stop);
        await LetGoAsync(stop);
        _job.History = JobHistory.Of(snapshot.Current, snapshot.Rounds, snapshot.FailedStatistics);
        if (_job.Selection.LooksBack)
        {
            int first = Math.Max(1, _job.History.LastNumber - RoundsLookedBack);
            foreach (Participation seen in await _job.Services.Store.ReadParticipationsAsync(_job.Key, first, stop))
            {
                _job.Selection.Observe(seen);
            }
        }

        _logger.TakenOver(_job.Key, _job.Lease.Epoch, snapshot.Current.Version, snapshot.OpenRound?.Key.Round);
        if (snapshot.OpenRound is { } open)
        {
            await ResumeAsync(open, snapshot, stop);
        }
        else
        {
            _job.Machine.PutAside(AssignmentsOf(snapshot));
            await _job.BeginNextAsync(stop);
        }
    }

    /// <summary>A device may have left while no coordinator ran, or the coordinator that heard of it died before its next version.</summary>
    private async Task LetGoAsync(CancellationToken stop)
    {
        if (_job.Model.Anarchic is null)
        {
            return;
        }

        foreach (string device in await _job.Services.Store.ReadRevokedAsync(_job.Key.TenantId, _job.Record.CreatedAt, stop))
        {
            _job.Leave(device);
        }
    }

    private async Task ResumeAsync(RoundRecord open, JobSnapshot snapshot, CancellationToken stop)
    {
        _job.SetTerms(open.Key);
        Assignment[] all = [.. AssignmentsOf(snapshot)];
        HashSet<string> others = snapshot.Assignments
            .Where(record => record.Round != open.Key && (_job.Terms.Buffer is null || record.Round.Kind != open.Key.Kind))
            .Select(record => record.AssignmentId)
            .ToHashSet(StringComparer.Ordinal);
        _job.Machine.PutAside(all.Where(assignment => others.Contains(assignment.Id)));
        _job.Machine.IsDraining = _job.Record.Status == JobStatus.Paused;
        _job.RefreshWanted();
        (RoundRecovery recovery, string? refusal) = await _opening.OpenOnTierAsync(open.Key, stop);
        HashSet<string> stored = recovery.Recovered.Select(update => update.AssignmentId).ToHashSet(StringComparer.Ordinal);
        DateTimeOffset now = _job.Now;

        // The devices could not report while the server was away, so they get at least half of the time again.
        DateTimeOffset grace = now + (_job.Terms.ReportingTime / 2);
        DateTimeOffset deadline = open.Deadline > grace ? open.Deadline : grace;
        _job.Machine.Resume(open.Key, _job.Terms, deadline, all.Where(assignment => !others.Contains(assignment.Id)), stored, now);
        _job.RefreshWanted();
        foreach (Assignment assignment in _job.Machine.Assignments)
        {
            _job.Place(assignment);
        }

        _logger.Resumed(open.Key, stored.Count, recovery.Lost.Count, _job.Machine.Assignments.Count);
        if (refusal is not null)
        {
            await _closing.AbandonAsync(refusal, JobStatus.Paused, refusal, stop);
        }
    }

    private IEnumerable<Assignment> AssignmentsOf(JobSnapshot snapshot)
    {
        Dictionary<string, ClientFailureRecord> failures =
            snapshot.Failures.ToDictionary(failure => failure.AssignmentId, StringComparer.Ordinal);
        DateTimeOffset now = _job.Now;
        return snapshot.Assignments.OrderBy(record => record.Round.Round).ThenBy(record => record.Number).Select(record =>
        {
            ClientFailureRecord? failure = failures.GetValueOrDefault(record.AssignmentId);
            return new Assignment(record.AssignmentId, record.Number, record.DeviceId, record.ClientIndex)
            {
                Role = record.Role,
                Round = record.Round.Round,
                ReportBy = ReportBy(record.AssignedAt, now),
                State = failure is null ? AssignmentState.Outstanding : AssignmentState.Failed,
                FailureKind = failure?.Kind,
                Reason = failure?.Message,
            };
        });
    }

    /// <summary>As for a round, at least half of the time again, but no longer than the ticket holds.</summary>
    private DateTimeOffset ReportBy(DateTimeOffset assignedAt, DateTimeOffset now)
    {
        var time = TimeSpan.FromSeconds(_job.Record.Definition.Round.DeadlineSeconds);
        DateTimeOffset regular = assignedAt + time;
        DateTimeOffset again = now + (time / 2);
        return again <= regular ? regular : again <= regular + (time / 2) ? again : regular + (time / 2);
    }
}
