using Federated.Coordination.Algorithms;
using Federated.Coordination.Persistence;
using Federated.Coordination.Rounds;
using Federated.Coordination.Tier;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;
using Microsoft.Extensions.Logging;

namespace Federated.Coordination.Jobs;

/// <summary>
/// Step 1 of docs/life-of-an-update.md: the assignments are durable and the tier is open before a device holds its ticket.
/// </summary>
internal sealed class RoundOpening
{
    private static readonly TimeSpan RefusedRoundRetry = TimeSpan.FromSeconds(10);

    private readonly CoordinatedJob _job;
    private readonly CheckInCalls _calls;
    private readonly RoundClosing _closing;
    private readonly IUpdateSink _sink;
    private readonly ILogger _logger;
    private RoundKey? _written;

    public RoundOpening(CoordinatedJob job, CheckInCalls calls, RoundClosing closing, IUpdateSink sink, ILogger logger)
    {
        _job = job;
        _calls = calls;
        _closing = closing;
        _sink = sink;
        _logger = logger;
    }

    /// <summary>
    /// The round that the decisions open, for the commit point of the last one to write. They are carried out after it, by
    /// <see cref="AssignAsync"/>, which does not write the round again.
    /// </summary>
    public RoundStart Start(IReadOnlyList<RoundDecision> decisions)
    {
        DateTimeOffset now = _job.Now;
        RoundKey round = _job.Machine.Key!;
        _written = round;
        return new RoundStart(RecordOf(round, now), RecordsOf(round, decisions, now));
    }

    /// <summary>Opens a buffer.</summary>
    /// <param name="followsBuffer">
    /// Whether it opens with the closing of the last one. Otherwise updates were refused in between: their devices are asked for them again.
    /// </param>
    /// <param name="stop">Ends the work.</param>
    public async Task OpenBufferAsync(bool followsBuffer, CancellationToken stop)
    {
        RoundKey round = _job.Machine.Key!;
        if (round != _written)
        {
            RoundStart start = Start([]);
            FencedException.ThrowIf(await _job.Services.Store.OpenRoundAsync(_job.Lease, start.Round, start.Assignments, stop));
        }

        if (!followsBuffer)
        {
            _job.Machine.AskAgain();
        }

        _job.RefreshWanted();
        _job.History = _job.History.Opened(round);
        if ((await OpenOnTierAsync(round, stop)).Refusal is { } refusal)
        {
            await _closing.AbandonAsync(refusal, JobStatus.Paused, refusal, stop);
            return;
        }

        // Those that are at work since an earlier buffer: the tier has to know them when it loses a node.
        foreach (Assignment assignment in _job.Machine.Assignments)
        {
            _job.Place(assignment);
        }

        _logger.Opened(round, 0, _job.Terms.Goal);
        _job.Machine.Configured(_job.Now);
        if (!followsBuffer)
        {
            _closing.TellChanges();
        }
    }

    /// <summary>Carries out decisions to assign: the first ones of a round open it, later ones replace devices that failed.</summary>
    public async Task AssignAsync(IReadOnlyList<RoundDecision> decisions, CancellationToken stop)
    {
        RoundKey round = _job.Machine.Key!;
        DateTimeOffset now = _job.Now;
        bool opens = _job.Machine.Phase == RoundPhase.Configuration;
        if (opens)
        {
            if (round != _written)
            {
                RoundStart start = Start(decisions);
                FencedException.ThrowIf(await _job.Services.Store.OpenRoundAsync(_job.Lease, start.Round, start.Assignments, stop));
            }

            _job.History = _job.History.Opened(round);
            if ((await OpenOnTierAsync(round, stop)).Refusal is { } refusal)
            {
                foreach (RoundDecision decision in decisions)
                {
                    _calls.Reject(decision.CallId, RejectionReason.NoWork, RefusedRoundRetry);
                }

                await _closing.AbandonAsync(refusal, JobStatus.Paused, refusal, stop);
                return;
            }

            _logger.Opened(round, decisions.Count, _job.Terms.Goal);
        }
        else
        {
            FencedException.ThrowIf(
                await _job.Services.Store.AddAssignmentsAsync(_job.Lease, RecordsOf(round, decisions, now), stop));
            _logger.Replaced(round, decisions.Count);
        }

        if (_job.Terms.Buffer is not null)
        {
            _job.RefreshWanted();
        }

        foreach (RoundDecision decision in decisions)
        {
            await AnswerAsync(decision.CallId, decision.Assignment!, stop);
        }

        if (opens)
        {
            _job.Machine.Configured(now);
        }
    }

    /// <summary>Opens a round at the tier once more that could not be closed, and takes up what the tier still has of it.</summary>
    public async Task ReopenAsync(CancellationToken stop)
    {
        RoundKey round = _job.Machine.Key!;
        (RoundRecovery recovery, string? refusal) = await OpenOnTierAsync(round, stop);
        if (refusal is not null)
        {
            await _closing.AbandonAsync(refusal, JobStatus.Paused, refusal, stop);
            return;
        }

        foreach (Assignment assignment in _job.Machine.Assignments)
        {
            _job.Place(assignment);
        }

        foreach (UpdateCommitted update in recovery.Recovered)
        {
            _job.Machine.Stored(update.AssignmentId, _job.Now);
        }

        _job.Machine.Tick(_job.Now);
        _closing.Changed();
    }

    /// <summary>Answers a check-in with its task, if it still waits.</summary>
    public async Task AnswerAsync(long callId, Assignment assignment, CancellationToken stop)
    {
        if (_calls.TryFind(callId, out CheckInCall? call))
        {
            TaskAssignment task = await _job.TaskOfAsync(assignment, stop);
            call.Assign(task, _job.Model.Lend(call.InlineModelBytes, call.HeldModel));
            _calls.Remove(call);
        }
    }

    /// <summary>Opens the round on the tier; a refusal is a reason to pause the job, because the same plan would be refused again.</summary>
    public async Task<(RoundRecovery Recovery, string? Refusal)> OpenOnTierAsync(RoundKey round, CancellationToken stop)
    {
        try
        {
            return (await _job.Services.Tier.OpenRoundAsync(_job.PlanOf(round), _sink, stop), null);
        }
        catch (InvalidOperationException exception)
        {
            return (RoundRecovery.Empty, exception.Message);
        }
    }

    private RoundRecord RecordOf(RoundKey round, DateTimeOffset now) =>
        new(round, RoundState.Open, _job.Model.Record.Version, _job.Record.StateEpoch, now, _job.Machine.Deadline);

    private AssignmentRecord[] RecordsOf(RoundKey round, IReadOnlyList<RoundDecision> decisions, DateTimeOffset now) =>
        [.. decisions.Select(decision => RecordOf(round, decision.Assignment!, now))];

    private AssignmentRecord RecordOf(RoundKey round, Assignment assignment, DateTimeOffset now)
    {
        assignment.Role = round.Kind == TaskKind.Train
            ? _job.Model.Algorithm.RoleOf(round, assignment.ClientIndex)
            : DeviceRoles.Worker;
        return new AssignmentRecord(
            assignment.Id, round, assignment.Number, assignment.DeviceId, assignment.ClientIndex, assignment.Role, now);
    }
}
