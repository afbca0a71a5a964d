using System.Collections.Immutable;
using System.Threading.Channels;
using Federated.Coordination.Algorithms;
using Federated.Coordination.Persistence;
using Federated.Coordination.Rounds;
using Federated.Coordination.Selection;
using Federated.Coordination.Tier;
using Federated.Protocol;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;
using Microsoft.Extensions.Logging;

namespace Federated.Coordination.Jobs;

/// <summary>
/// The one writer of a job: a loop over an inbox that owns the job's rounds from selection to the commit point. The numbered
/// steps are those of docs/life-of-an-update.md.
/// </summary>
/// <remarks>
/// Nothing here survives a failure: when the store, the tier or the blob store throws, the loop ends, and a new coordinator takes the
/// job over with a higher writer epoch and goes on from what the store says.
/// </remarks>
internal sealed partial class JobCoordinator : IUpdateSink
{
    private static readonly TimeSpan RefusedRoundRetry = TimeSpan.FromSeconds(10);

    private readonly JobKey _key;
    private readonly CoordinatorServices _services;
    private readonly ILogger _logger;
    private readonly Channel<JobMessage> _inbox =
        Channel.CreateUnbounded<JobMessage>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Dictionary<long, CheckInCall> _calls = [];
    private readonly DispositionBoard _board = new();
    private readonly TaskCompletionSource _tookOver = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<RoundDecision> _batch = [];
    private JobRecord _job = null!;
    private WriterLease _lease;
    private CurrentModel _model = null!;
    private TaskWriter _tasks = null!;
    private RoundStateMachine _machine = null!;
    private RoundTerms _terms = null!;
    private int _lastNumber;
    private bool _examined;
    private int _abandonedInARow;
    private long _lastCallId;
    private JobMessage? _handling;
    private ITimer _timer = null!;
    private volatile JobProgress? _progress;

    public JobCoordinator(JobKey key, CoordinatorServices services, ILogger logger)
    {
        _key = key;
        _services = services;
        _logger = logger;
    }

    /// <summary>Where the job stands; null until it is taken over.</summary>
    public JobProgress? Progress => _progress;

    /// <summary>Done when the open round, if there is one, is open on the tier again; also when that failed.</summary>
    public Task TookOver => _tookOver.Task;

    /// <summary>Puts a message into the inbox; false when the coordinator has ended.</summary>
    public bool Post(JobMessage message) => _inbox.Writer.TryWrite(message);

    public void OnStored(UpdateCommitted update) => Post(new JobMessage.Stored(update));

    /// <summary>Runs the job until it ends, another writer takes it over, something fails, or the server stops.</summary>
    public async Task<CoordinatorExit> RunAsync(CancellationToken stop)
    {
        RejectionReason farewell = RejectionReason.Unavailable;
        await using ITimer timer = _services.Time.CreateTimer(
            static inbox => ((ChannelWriter<JobMessage>)inbox!).TryWrite(new JobMessage.Tick()),
            _inbox.Writer,
            Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan);
        _timer = timer;
        try
        {
            CoordinatorExit exit = await RunToEndAsync(stop);
            farewell = exit == CoordinatorExit.Fenced ? RejectionReason.Unavailable : RejectionReason.JobEnded;
            return exit;
        }
        finally
        {
            _tookOver.TrySetResult();
            SayFarewell(farewell);
        }
    }

    private async Task<CoordinatorExit> RunToEndAsync(CancellationToken stop)
    {
        try
        {
            if (await _services.Store.AcquireAsync(_key, stop) is not { } snapshot)
            {
                return CoordinatorExit.NoSuchJob;
            }

            await TakeOverAsync(snapshot, stop);
            _tookOver.TrySetResult();
            while (IsActive)
            {
                await CarryOutDecisionsAsync(stop);
                _progress = Snapshot();
                if (!IsActive)
                {
                    break;
                }

                SetTimer();
                _handling = await _inbox.Reader.ReadAsync(stop);
                await HandleAsync(_handling, stop);
                _handling = null;
            }

            LogEnded(_key, _job.Status, _job.StatusReason);
            return CoordinatorExit.JobEnded;
        }
        catch (FencedException)
        {
            LogFenced(_key, _lease.Epoch);
            return CoordinatorExit.Fenced;
        }
    }

    private bool IsActive => _job.Status is JobStatus.Running or JobStatus.Paused;

    private DateTimeOffset Now => _services.Time.GetUtcNow();

    // ---- Taking the job over -----------------------------------------------------------------------------------------

    private async Task TakeOverAsync(JobSnapshot snapshot, CancellationToken stop)
    {
        _job = snapshot.Job;
        _lease = new WriterLease(_key, _job.WriterEpoch);
        _tasks = new TaskWriter(_job.Definition, _services.Signer, _services.Options);
        _machine = new RoundStateMachine(
            new UniformSelection(_job.Definition.Seed),
            new PaceSteering(_job.Definition.Seed),
            new PopulationEstimate(_services.Options.PopulationWindow),
            _services.Options.MaxWaitingPerJob);
        foreach (RoundRecord round in snapshot.Rounds)
        {
            // A coordinator may have died between the commit point and telling the tier.
            await (round.State switch
            {
                RoundState.Closed => _services.Tier.ForgetRoundAsync(round.Key, stop),
                RoundState.Abandoned => _services.Tier.AbandonRoundAsync(round.Key, round.Reason ?? "", stop),
                _ => Task.CompletedTask,
            });
        }

        if (!IsActive)
        {
            return;
        }

        await LoadModelAsync(snapshot.Current, stop);
        TakeHistory(snapshot.Current, snapshot.Rounds);
        LogTakenOver(_key, _lease.Epoch, _model.Record.Version, snapshot.OpenRound?.Key.Round);
        if (snapshot.OpenRound is { } open)
        {
            await ResumeRoundAsync(open, snapshot, stop);
        }
        else
        {
            await BeginNextAsync(stop);
        }
    }

    private async Task LoadModelAsync(ModelVersionRecord version, CancellationToken stop) =>
        _model = await CurrentModel.LoadAsync(_services.Blobs, _services.Algorithms, _job.Definition, version, stop);

    private void TakeHistory(ModelVersionRecord current, IReadOnlyList<RoundRecord> rounds)
    {
        IEnumerable<RoundRecord> ofCurrent = rounds.Where(round => round.BaseVersion == current.Version);
        _examined = ofCurrent.Any(round => round.Key.Kind == TaskKind.Evaluate && round.State != RoundState.Open);
        _abandonedInARow = ofCurrent.Count(round => round.Key.Kind == TaskKind.Train && round.State == RoundState.Abandoned);
        _lastNumber = rounds
            .Where(round => round.Key.Kind == TaskKind.Train)
            .Select(round => round.Key.Round)
            .Append(current.Version)
            .Max();
    }

    private async Task ResumeRoundAsync(RoundRecord open, JobSnapshot snapshot, CancellationToken stop)
    {
        _terms = TermsOf(open.Key.Kind);
        Dictionary<string, ClientFailureRecord> failures =
            snapshot.Failures.ToDictionary(failure => failure.AssignmentId, StringComparer.Ordinal);
        IEnumerable<Assignment> assignments = snapshot.Assignments.OrderBy(record => record.Number).Select(record =>
        {
            ClientFailureRecord? failure = failures.GetValueOrDefault(record.AssignmentId);
            return new Assignment(record.AssignmentId, record.Number, record.DeviceId, record.ClientIndex)
            {
                Role = record.Role,
                State = failure is null ? AssignmentState.Outstanding : AssignmentState.Failed,
                FailureKind = failure?.Kind,
                Reason = failure?.Message,
            };
        });
        (RoundRecovery recovery, string? refusal) = await OpenOnTierAsync(open.Key, stop);
        HashSet<string> stored = recovery.Recovered.Select(update => update.AssignmentId).ToHashSet(StringComparer.Ordinal);
        DateTimeOffset now = Now;

        // The devices could not report while the server was away, so they get at least half of the time again.
        DateTimeOffset grace = now + (_terms.ReportingTime / 2);
        DateTimeOffset deadline = open.Deadline > grace ? open.Deadline : grace;
        _machine.Resume(open.Key, _terms, deadline, assignments, stored, now);
        LogResumed(open.Key, stored.Count, recovery.Lost.Count, _machine.Assignments.Count);
        if (refusal is not null)
        {
            await AbandonRoundAsync(refusal, JobStatus.Paused, refusal, stop);
        }
    }

    /// <summary>Opens the round on the tier; a refusal is a reason to pause the job, because the same plan would be refused again.</summary>
    private async Task<(RoundRecovery Recovery, string? Refusal)> OpenOnTierAsync(RoundKey round, CancellationToken stop)
    {
        try
        {
            return (await _services.Tier.OpenRoundAsync(PlanOf(round), this, stop), null);
        }
        catch (InvalidOperationException exception)
        {
            return (RoundRecovery.Empty, exception.Message);
        }
    }

    // ---- The inbox ---------------------------------------------------------------------------------------------------

    private async Task HandleAsync(JobMessage message, CancellationToken stop)
    {
        switch (message)
        {
            case JobMessage.CheckedIn(var call):
                TakeCheckIn(call);
                break;
            case JobMessage.Left(var call):
                _machine.Leave(call.Device.DeviceId, call.Id);
                _calls.Remove(call.Id);
                if (call.AssignmentId is { } undelivered)
                {
                    const string Why = "The device had gone when its task was ready.";
                    await TakeFailureAsync(undelivered, call.Device.DeviceId, ErrorKinds.DroppedOut, Why, stop);
                }

                break;
            case JobMessage.Stored(var update):
                TakeStored(update);
                break;
            case JobMessage.Failed(var device, var report, var done):
                await TakeFailureAsync(report.AssignmentId, device.DeviceId, report.Kind, report.Message, stop);
                done.TrySetResult(true);
                break;
            case JobMessage.Asked(var query):
                _board.Ask(query, _machine);
                break;
            case JobMessage.AskedEnough(var query):
                _board.AskedEnough(query, _machine);
                break;
            case JobMessage.Revoked(var deviceId):
                _machine.RejectDevice(deviceId, RejectionReason.Unavailable, TimeSpan.FromHours(1));
                if (_machine.FindOf(deviceId) is { } held)
                {
                    await TakeFailureAsync(held.Id, deviceId, ErrorKinds.DroppedOut, "The device was revoked.", stop);
                }

                break;
            case JobMessage.ChangeStatus(var status, var done):
                await ChangeStatusAsync(status, stop);
                done.TrySetResult(JobCommandOutcome.Done);
                break;
            case JobMessage.RollBack(var version, var done):
                done.TrySetResult(await RollBackAsync(version, stop));
                break;
            default:
                _machine.Tick(Now);
                break;
        }
    }

    private void TakeCheckIn(CheckInCall call)
    {
        Assignment? held = _machine.FindOf(call.Device.DeviceId);
        if (held is not null && !call.Held.Contains(held.Id, StringComparer.Ordinal))
        {
            held = null;
        }

        if (held is { MayBeLost: true })
        {
            // The device waits for the next round, and the round waits for the device: it has to hear at once that it must send again.
            call.Reject(RejectionReason.NoWork, TimeSpan.Zero);
            return;
        }

        call.Id = ++_lastCallId;
        _calls.Add(call.Id, call);
        var candidate = new Candidate(
            call.Id, call.Device.DeviceId, call.Device.ClientIndex, call.Tasks, call.WaitUntil, held?.Id);
        _machine.CheckIn(candidate, Now);
    }

    private void TakeStored(UpdateCommitted update)
    {
        if (update.Key == _machine.Key && _machine.Stored(update.AssignmentId, Now) == StoredOutcome.Unknown)
        {
            LogUnknownUpdate(update.Key, update.AssignmentId);
        }
    }

    private async Task TakeFailureAsync(string assignmentId, string deviceId, string kind, string message, CancellationToken stop)
    {
        DateTimeOffset now = Now;
        RoundKey? round = _machine.Key;
        string text = message.Length > 2000 ? message[..2000] : message;
        if (round is null || _machine.Failed(assignmentId, deviceId, kind, text, now) != FailureOutcome.Accepted)
        {
            return;
        }

        LogDeviceFailed(round, assignmentId, kind);
        Guard(await _services.Store.AddFailureAsync(
            _lease, new ClientFailureRecord(assignmentId, round, deviceId, kind, text, now), stop));
    }

    // ---- What the state machine wants done ---------------------------------------------------------------------------

    private async Task CarryOutDecisionsAsync(CancellationToken stop)
    {
        while (_machine.TryTake(out RoundDecision decision))
        {
            switch (decision.Kind)
            {
                case RoundDecisionKind.Assign:
                    _batch.Add(decision);
                    continue;
                case RoundDecisionKind.Redeliver:
                    await AnswerAsync(decision.CallId, decision.Assignment!, stop);
                    break;
                case RoundDecisionKind.Reject:
                    Reject(decision.CallId, decision.Rejection, decision.RetryAfter);
                    break;
                case RoundDecisionKind.Close:
                    await AssignBatchAsync(stop);
                    await CloseRoundAsync(decision.Reason!, stop);
                    break;
                default:
                    await AssignBatchAsync(stop);
                    await AbandonRoundAsync(decision.Reason!, _job.Status, null, stop);
                    await BeginNextAsync(stop);
                    break;
            }
        }

        if (_batch.Count > 0)
        {
            await AssignBatchAsync(stop);
            await CarryOutDecisionsAsync(stop);
        }
    }

    /// <summary>Step 1 of the life of an update: the assignments are durable and the tier is open before a device holds its ticket.</summary>
    private async Task AssignBatchAsync(CancellationToken stop)
    {
        if (_batch.Count == 0)
        {
            return;
        }

        RoundKey round = _machine.Key!;
        DateTimeOffset now = Now;
        var records = new List<AssignmentRecord>(_batch.Count);
        foreach (RoundDecision decision in _batch)
        {
            Assignment assignment = decision.Assignment!;
            assignment.Role = round.Kind == TaskKind.Train ? _model.Algorithm.RoleOf(round, assignment.ClientIndex) : DeviceRoles.Worker;
            records.Add(new AssignmentRecord(
                assignment.Id, round, assignment.Number, assignment.DeviceId, assignment.ClientIndex, assignment.Role, now));
        }

        if (_machine.Phase == RoundPhase.Configuration)
        {
            var record = new RoundRecord(
                round, RoundState.Open, _model.Record.Version, _job.StateEpoch, now, _machine.Deadline);
            Guard(await _services.Store.OpenRoundAsync(_lease, record, records, stop));
            if (round.Kind == TaskKind.Train)
            {
                _lastNumber = round.Round;
            }

            (_, string? refusal) = await OpenOnTierAsync(round, stop);
            if (refusal is not null)
            {
                _batch.ForEach(decision => Reject(decision.CallId, RejectionReason.NoWork, RefusedRoundRetry));
                _batch.Clear();
                await AbandonRoundAsync(refusal, JobStatus.Paused, refusal, stop);
                return;
            }

            LogOpened(round, records.Count, _terms.Goal);
        }
        else
        {
            Guard(await _services.Store.AddAssignmentsAsync(_lease, records, stop));
            LogReplaced(round, records.Count);
        }

        foreach (RoundDecision decision in _batch)
        {
            await AnswerAsync(decision.CallId, decision.Assignment!, stop);
        }

        _batch.Clear();
        if (_machine.Phase == RoundPhase.Configuration)
        {
            _machine.Configured(now);
        }
    }

    private async Task AnswerAsync(long callId, Assignment assignment, CancellationToken stop)
    {
        if (!_calls.TryGetValue(callId, out CheckInCall? call))
        {
            return;
        }

        ImmutableArray<SectionReference> down = _machine.Key!.Kind == TaskKind.Train
            ? await _model.DownSectionsAsync(assignment.Role, stop)
            : [];
        call.Assign(_tasks.Write(
            _machine.Key, assignment, _model, down, _job.StateEpoch, _lease.Epoch, _machine.Deadline, Now));
        _calls.Remove(callId);
    }

    private void Reject(long callId, RejectionReason reason, TimeSpan retryAfter)
    {
        if (_calls.Remove(callId, out CheckInCall? call))
        {
            call.Reject(reason, retryAfter);
        }
    }

    // ---- Opening and closing rounds ----------------------------------------------------------------------------------

    private async Task BeginNextAsync(CancellationToken stop)
    {
        if (_job.Status != JobStatus.Running || _machine.Phase != RoundPhase.Idle)
        {
            return;
        }

        ModelVersionRecord version = _model.Record;
        switch (RoundSchedule.After(_job.Definition, version.TrainingRounds, _examined))
        {
            case NextRound.Train:
                Begin(TaskKind.Train, _lastNumber + 1);
                break;
            case NextRound.Evaluate:
                Begin(TaskKind.Evaluate, version.Version);
                break;
            default:
                await SetStatusAsync(JobStatus.Completed, "Every round is done.", stop);
                break;
        }
    }

    private void Begin(TaskKind kind, int number)
    {
        _terms = TermsOf(kind);
        _machine.Begin(new RoundKey(_key.TenantId, _key.JobId, number, kind), _terms, Now);
    }

    /// <summary>Steps 7 and 8: close, apply, write blobs, commit, tell.</summary>
    private async Task CloseRoundAsync(string reason, CancellationToken stop)
    {
        RoundKey round = _machine.Key!;

        // 7a. No update is taken any more; the aggregate and the exact list of its updates come back.
        RoundAggregate aggregate;
        try
        {
            aggregate = await _services.Tier.CloseRoundAsync(round, stop);
        }
        catch (InvalidOperationException exception)
        {
            await AbandonRoundAsync(exception.Message, _job.Status, null, stop);
            await BeginNextAsync(stop);
            return;
        }

        if (aggregate.Included.Count < _terms.Minimum || !RoundFigures.IsFinite(aggregate))
        {
            string why = aggregate.Included.Count < _terms.Minimum
                ? $"{aggregate.Included.Count} updates are in the aggregate; at least {_terms.Minimum} are needed."
                : "The aggregate has values that are not finite.";
            await AbandonRoundAsync(why, _job.Status, null, stop);
            await BeginNextAsync(stop);
            return;
        }

        // 7b. Counted is what is in the aggregate, and nothing else.
        _machine.Settle(aggregate.Included.Select(update => update.AssignmentId).ToHashSet(StringComparer.Ordinal));

        long bytesDown = await BytesDownAsync(round.Kind, stop);

        // 7c. The server half of the algorithm makes the next model; its blobs are durable before anything refers to them.
        ModelVersionRecord? version = null;
        if (round.Kind == TaskKind.Train)
        {
            _model.Algorithm.Apply(round, aggregate, _model.Content);
            if (!_model.IsFinite)
            {
                await LoadModelAsync(_model.Record, stop);
                await AbandonRoundAsync("The next model has values that are not finite.", _job.Status, null, stop);
                await BeginNextAsync(stop);
                return;
            }

            version = await _model.WriteNextAsync(round.Round, Now, stop);
        }

        // 7d. The commit point.
        RoundMetrics metrics = RoundFigures.Of(_machine.Assignments, aggregate, bytesDown);
        (JobStatus status, string? statusReason) = StatusAfter(round, version, metrics);
        Guard(await _services.Store.CommitRoundAsync(
            new RoundCommit(
                _lease,
                round,
                Now,
                [.. aggregate.Included.Select(update => new CountedUpdate(
                    update.AssignmentId, update.Weight, update.LocalSteps, update.Length, update.TrainingLoss, update.TrainingSeconds))],
                [.. _machine.Assignments.Where(assignment => assignment.State == AssignmentState.Discarded)
                    .Select(assignment => new DiscardedUpdate(assignment.Id, assignment.Reason!))],
                SilentDevices(round),
                metrics,
                version,
                status,
                statusReason),
            stop));

        // 8. The devices learn what became of their updates; the tier may forget them.
        _board.Publish(_machine, version?.Version ?? round.Round);
        _machine.Finish();
        await _services.Tier.ForgetRoundAsync(round, stop);
        LogClosed(round, metrics.Counted, metrics.Assigned, reason);
        _job = _job with { Status = status, StatusReason = statusReason };
        if (version is not null)
        {
            _model.Committed(version);
            _examined = false;
            _abandonedInARow = 0;
        }
        else
        {
            _examined = true;
        }

        await BeginNextAsync(stop);
    }

    private async Task AbandonRoundAsync(string reason, JobStatus status, string? statusReason, CancellationToken stop)
    {
        RoundKey round = _machine.Key!;
        bool trains = round.Kind == TaskKind.Train;
        if (trains && ++_abandonedInARow >= _job.Definition.Round.MaxAbandoned && status == JobStatus.Running)
        {
            status = JobStatus.Paused;
            statusReason = $"{_abandonedInARow} rounds in a row were abandoned; the last one: {reason}";
        }

        // An evaluation is not repeated: the next one will tell more than a second try at this one.
        _examined |= !trains;
        int stateEpoch = trains ? _job.StateEpoch + 1 : _job.StateEpoch;
        _machine.SettleAbandoned(reason);
        Guard(await _services.Store.AbandonRoundAsync(
            new RoundAbandonment(_lease, round, Now, reason, SilentDevices(round), stateEpoch, status, statusReason), stop));
        _board.Publish(_machine, _model.Record.Version);
        _machine.Finish();
        await _services.Tier.AbandonRoundAsync(round, reason, stop);
        LogAbandoned(round, reason);
        _job = _job with { Status = status, StatusReason = statusReason, StateEpoch = stateEpoch };
    }

    private (JobStatus Status, string? Reason) StatusAfter(RoundKey round, ModelVersionRecord? version, RoundMetrics metrics)
    {
        if (_job.Definition.TargetAccuracy is { } target && metrics.Accuracy >= target)
        {
            return (JobStatus.Completed, FormattableString.Invariant($"The target accuracy {target} is reached: {metrics.Accuracy:0.####} at version {round.Round}."));
        }

        int trainingRounds = version?.TrainingRounds ?? _model.Record.TrainingRounds;
        return RoundSchedule.After(_job.Definition, trainingRounds, examined: version is null) == NextRound.None
            ? (JobStatus.Completed, "Every round is done.")
            : (_job.Status, _job.StatusReason);
    }

    private List<ClientFailureRecord> SilentDevices(RoundKey round) =>
        [.. _machine.Assignments
            .Where(assignment => assignment.FailureKind == ErrorKinds.TimedOut)
            .Select(assignment => new ClientFailureRecord(
                assignment.Id, round, assignment.DeviceId, ErrorKinds.TimedOut, assignment.Reason!, Now))];

    private async Task<long> BytesDownAsync(TaskKind kind, CancellationToken stop)
    {
        long bytes = _model.Record.ByteLength * _machine.Assignments.Count;
        if (kind == TaskKind.Train)
        {
            foreach (Assignment assignment in _machine.Assignments)
            {
                ImmutableArray<SectionReference> down = await _model.DownSectionsAsync(assignment.Role, stop);
                bytes += down.Sum(section => (long)section.ByteLength);
            }
        }

        return bytes;
    }

    private RoundTerms TermsOf(TaskKind kind) =>
        kind == TaskKind.Evaluate ? RoundTerms.ForEvaluation(_job.Definition) : RoundTerms.ForTraining(_job.Definition);

    private RoundPlan PlanOf(RoundKey round) =>
        RoundPlans.Create(round, _lease.Epoch, _job.Definition, _model.Content.Schema, _model.Algorithm, _terms.Target);

    // ---- Commands of administrators ----------------------------------------------------------------------------------

    private async Task ChangeStatusAsync(JobStatus status, CancellationToken stop)
    {
        if (status == JobStatus.Stopped)
        {
            await DropRoundAsync("The job was stopped.", JobStatus.Stopped, stop);
        }

        if (status == JobStatus.Paused && _machine.Phase == RoundPhase.Selection)
        {
            // Nobody has been given a task yet. A round that is open is let finish.
            _machine.Finish();
        }

        if (_job.Status != status)
        {
            await SetStatusAsync(status, null, stop);
        }

        if (status == JobStatus.Running)
        {
            _abandonedInARow = 0;
            await BeginNextAsync(stop);
        }
    }

    private async Task<JobCommandOutcome> RollBackAsync(int version, CancellationToken stop)
    {
        if (await _services.Store.FindVersionAsync(_key, version, stop) is not { } wanted)
        {
            return JobCommandOutcome.UnknownVersion;
        }

        await DropRoundAsync($"The job was rolled back to version {version}.", _job.Status, stop);
        ModelVersionRecord record = wanted with
        {
            Version = _lastNumber + 1,
            Parent = wanted.Version,
            Origin = ModelVersionOrigin.RollBack,
            CreatedAt = Now,
        };
        int stateEpoch = _job.StateEpoch + 1;
        Guard(await _services.Store.RollBackAsync(_lease, record, stateEpoch, stop));
        _job = _job with { StateEpoch = stateEpoch, CurrentVersion = record.Version };
        await LoadModelAsync(record, stop);
        TakeHistory(record, []);
        LogRolledBack(_key, version, record.Version);
        await BeginNextAsync(stop);
        return JobCommandOutcome.Done;
    }

    private async Task DropRoundAsync(string reason, JobStatus status, CancellationToken stop)
    {
        if (_machine.Phase == RoundPhase.Selection)
        {
            _machine.Finish();
        }
        else if (_machine.Phase != RoundPhase.Idle)
        {
            await AbandonRoundAsync(reason, status, null, stop);
        }
    }

    private async Task SetStatusAsync(JobStatus status, string? reason, CancellationToken stop)
    {
        Guard(await _services.Store.SetStatusAsync(_lease, status, reason, stop));
        _job = _job with { Status = status, StatusReason = reason };
    }

    // ---- The ends ----------------------------------------------------------------------------------------------------

    private static void Guard(StoreOutcome outcome)
    {
        if (outcome == StoreOutcome.Fenced)
        {
            throw new FencedException();
        }
    }

    private void SetTimer()
    {
        TimeSpan due = Timeout.InfiniteTimeSpan;
        if (_machine.NextTick is { } next)
        {
            // Timers count whole milliseconds; rounded up, so that the time has really come when it fires.
            double milliseconds = Math.Clamp(Math.Ceiling((next - Now).TotalMilliseconds), 1, TimeSpan.FromDays(1).TotalMilliseconds);
            due = TimeSpan.FromMilliseconds(milliseconds);
        }

        _timer.Change(due, Timeout.InfiniteTimeSpan);
    }

    private JobProgress Snapshot()
    {
        bool open = _machine.Phase is RoundPhase.Configuration or RoundPhase.Reporting or RoundPhase.Closing;
        return new JobProgress(
            _job.Status,
            _machine.Phase,
            _machine.Key,
            _model?.Record.Version ?? _job.CurrentVersion,
            _model?.Record.TrainingRounds ?? 0,
            _machine.WaitingCount,
            _machine.Shortage,
            _machine.Assignments.Count,
            _machine.StoredCount,
            open ? _machine.Deadline : null);
    }

    private void SayFarewell(RejectionReason reason)
    {
        TimeSpan retryAfter = reason == RejectionReason.Unavailable ? 2 * _services.Options.RestartDelay : TimeSpan.Zero;
        _inbox.Writer.TryComplete();
        for (JobMessage? message = _handling; message is not null || _inbox.Reader.TryRead(out message); message = null)
        {
            SayFarewell(message, reason, retryAfter);
        }

        foreach (CheckInCall call in _calls.Values)
        {
            call.Reject(reason, retryAfter);
        }

        _calls.Clear();
        if (_machine is not null)
        {
            _board.Close(_machine);
        }
    }

    private static void SayFarewell(JobMessage message, RejectionReason reason, TimeSpan retryAfter)
    {
        switch (message)
        {
            case JobMessage.CheckedIn(var call):
                call.Reject(reason, retryAfter);
                break;
            case JobMessage.Failed(_, _, var done):
                done.TrySetResult(false);
                break;
            case JobMessage.Asked(var query):
                query.Reply(ImmutableDictionary<string, UpdateDisposition>.Empty);
                break;
            case JobMessage.ChangeStatus(_, var done):
                done.TrySetResult(JobCommandOutcome.Unavailable);
                break;
            case JobMessage.RollBack(_, var done):
                done.TrySetResult(JobCommandOutcome.Unavailable);
                break;
            default:
                break;
        }
    }

    /// <summary>Ends the loop; never leaves it.</summary>
    private sealed class FencedException : Exception;
}
