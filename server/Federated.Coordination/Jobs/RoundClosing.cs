using Federated.Coordination.Algorithms.Statistics;
using Federated.Coordination.Persistence;
using Federated.Coordination.Rounds;
using Federated.Coordination.Selection;
using Federated.Coordination.Tier;
using Federated.Protocol;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;
using Microsoft.Extensions.Logging;

namespace Federated.Coordination.Jobs;

/// <summary>Steps 7 and 8 of docs/life-of-an-update.md: close, apply, write blobs, commit, tell. Or abandon, and tell.</summary>
internal sealed class RoundClosing
{
    private readonly CoordinatedJob _job;
    private readonly DispositionBoard _board;
    private readonly ILogger _logger;
    private readonly BufferAdvance _buffers;
    private readonly StateHistory _states;

    public RoundClosing(CoordinatedJob job, DispositionBoard board, ILogger logger)
    {
        _job = job;
        _board = board;
        _logger = logger;
        _buffers = new BufferAdvance(job);
        _states = new StateHistory(job);
    }

    private RoundStateMachine Machine => _job.Machine;

    /// <summary>
    /// Ends the open round with what the tier has; abandons it when that is not enough, or not finite. Where it would be enough with what a node
    /// has lost meanwhile, and there is time, the round goes on instead; so does a buffer of which the algorithm can use too few updates.
    /// </summary>
    /// <param name="reason">Why it ends.</param>
    /// <param name="startNext">Begins the next round; gives its start when its devices wait already.</param>
    /// <param name="committed">Opens the next buffer of an asynchronous job before the tier forgets this one, so that an update in between finds one of them.</param>
    /// <param name="stop">Ends the work.</param>
    /// <returns>False when the round goes on: it has to be opened again.</returns>
    public async Task<bool> CloseAsync(string reason, Func<RoundStart?> startNext, Func<Task> committed, CancellationToken stop)
    {
        RoundKey round = Machine.Key!;

        // 7a. No update is taken any more; the aggregate and the exact list of its updates come back.
        RoundAggregate aggregate;
        try
        {
            aggregate = await _job.CombineAsync(round, await _job.Services.Tier.CloseRoundAsync(round, stop), stop);
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException)
        {
            await AbandonAsync(exception.Message, stop);
            return true;
        }

        HashSet<string> included = aggregate.Included.Select(update => update.AssignmentId).ToHashSet(StringComparer.Ordinal);

        // 7b. Counted is what is in the aggregate, and nothing else; of a buffer, what is in the version that the algorithm makes of it.
        BufferOutcome? outcome = null;
        if (_job.Terms.Buffer is null)
        {
            if (included.Count < _job.Terms.Minimum && Machine.TryReopen(included, _job.Now))
            {
                _logger.Reopened(round, included.Count, _job.Terms.Minimum);
                return false;
            }

            if (WhyUseless(aggregate) is { } why)
            {
                await AbandonAsync(why, stop);
                return true;
            }

            Machine.Settle(included);
        }
        else
        {
            (outcome, bool goesOn) = await _buffers.RunAsync(round, aggregate, stop);
            if (goesOn)
            {
                _logger.GoesOn(round, Machine.StoredCount, included.Count, _job.Terms.Goal);
                return false;
            }

            if (outcome is null)
            {
                await AbandonAsync($"Too few of the {included.Count} updates of the buffer can be used.", stop);
                return true;
            }

            Machine.SettleBuffer(outcome);
            aggregate = aggregate with { Included = [.. aggregate.Included.Where(update => outcome.Counted.Contains(update.AssignmentId))], Kept = [] };
        }

        long bytesDown = await BytesDownAsync(round, stop);

        // 7c. The server half of the algorithm makes the next model, or pools the statistics; the blobs are durable before what refers to them
        // is true.
        ModelVersionRecord? version = null;
        string? statistics = null;
        Task blobs = Task.CompletedTask;
        if (round.Kind == TaskKind.Train)
        {
            if (outcome is null && Apply(round, aggregate) is { } refused)
            {
                await _job.LoadModelAsync(_job.Model.Record, stop);
                await AbandonAsync(refused, stop);
                return true;
            }

            if (!_job.Model.IsFinite)
            {
                await _job.LoadModelAsync(_job.Model.Record, stop);
                await AbandonAsync("The next model has values that are not finite.", stop);
                return true;
            }

            Observe(aggregate);
            (version, blobs) = _job.Model.WriteNext(round.Round, _job.Now, stop);
        }
        else if (round.Kind == TaskKind.Statistics)
        {
            PooledStatistics pooled = PooledStatistics.Of(round.Round, aggregate, _job.Model.Content.Schema);
            statistics = (await _job.Services.Blobs.PutAsync(pooled.ToJsonBytes(), stop)).ToString();
        }

        // 7d. The commit point. The next round is begun before it, and opens with it when its devices wait already: that is one transaction
        // less before they have their tasks. Nobody hears of either before the commit; when it fails, this coordinator ends.
        RoundCommit commit = CommitOf(round, aggregate, bytesDown, version, outcome) with { StatisticsBlobId = statistics };
        RoundFates fates = RoundFates.Of(Machine.Assignments.Concat(Machine.Aside), version?.Version ?? round.Round);
        TakeAsCommitted(commit);
        FencedException.ThrowIf(await _job.Services.Store.CommitRoundAsync(commit with { Next = startNext() }, blobs, stop));

        // 8. The devices learn what became of their updates; the tier may forget them.
        await committed();
        _board.Publish(fates, Machine);
        await _job.Services.Tier.ForgetRoundAsync(round, stop);
        await _states.TrimAsync(stop);
        _job.Services.Metrics.Closed(commit);
        _logger.Closed(round, commit.Metrics.Counted, commit.Metrics.Assigned, reason);
        return true;
    }

    /// <summary>Why the algorithm cannot take the round in, such as a budget of memory that is used up; null when it has.</summary>
    private string? Apply(RoundKey round, RoundAggregate aggregate)
    {
        try
        {
            _job.Model.Algorithm.Apply(round, aggregate.With(Machine.Assignments), _job.Model.Content);
            return null;
        }
        catch (InvalidOperationException exception)
        {
            return exception.Message;
        }
    }

    private void Observe(RoundAggregate aggregate)
    {
        foreach (UpdateCommitted update in _job.Selection.LooksBack ? aggregate.Included : [])
        {
            _job.Selection.Observe(new Participation(
                Machine.Find(update.AssignmentId)!.ClientIndex, update.Key.Round, update.Weight, update.TrainingLoss, update.TrainingSeconds));
        }
    }

    /// <summary>Answers the devices that have to act on what has changed.</summary>
    public void TellChanges() => _board.Changed(Machine);

    /// <summary>Ends the open round without an aggregate. The job goes on, unless too many of its rounds end so.</summary>
    public Task AbandonAsync(string reason, CancellationToken stop) =>
        AbandonAsync(reason, _job.Record.Status, null, stop);

    /// <summary>Ends the open round without an aggregate, and gives the job a status.</summary>
    public async Task AbandonAsync(string reason, JobStatus status, string? statusReason, CancellationToken stop)
    {
        RoundKey round = Machine.Key!;
        bool trains = round.Kind == TaskKind.Train;
        _job.History = _job.History.Abandoned(round);
        int inARow = _job.History.AbandonedInARow;
        if (trains && inARow >= _job.Record.Definition.Round.MaxAbandoned && status == JobStatus.Running)
        {
            status = JobStatus.Paused;
            statusReason = $"{inARow} rounds in a row were abandoned; the last one: {reason}";
        }

        int stateEpoch = trains ? _job.Record.StateEpoch + 1 : _job.Record.StateEpoch;
        Machine.SettleAbandoned(reason);
        FencedException.ThrowIf(await _job.Services.Store.AbandonRoundAsync(
            new RoundAbandonment(_job.Lease, round, _job.Now, reason, SilentDevices(round), stateEpoch, status, statusReason), stop));
        RoundFates fates = RoundFates.Of(Machine.Assignments, _job.Model.Record.Version);
        Machine.Finish();
        _board.Publish(fates, Machine);
        _job.RefreshWanted();
        await _job.Services.Tier.AbandonRoundAsync(round, reason, stop);
        _logger.Abandoned(round, reason);
        _job.Record = _job.Record with { Status = status, StatusReason = statusReason, StateEpoch = stateEpoch };
        _job.Model.BeginEpoch(stateEpoch);
    }

    /// <summary>Tells devices that wait what has changed for them in the open round.</summary>
    public void Changed() => _board.Changed(Machine);

    /// <summary>Gives the round up before it is opened: nobody who waits can do its task. Nothing of it is stored.</summary>
    public void Skip(string reason)
    {
        RoundKey round = Machine.Key!;
        _job.History = _job.History.Skipped(round);
        Machine.Finish();
        _logger.Skipped(round, reason);
    }

    private RoundCommit CommitOf(RoundKey round, RoundAggregate aggregate, long bytesDown, ModelVersionRecord? version, BufferOutcome? outcome)
    {
        RoundMetrics metrics = RoundFigures.Of(Own(round), aggregate, bytesDown);
        metrics = metrics with
        {
            UpdateNorm = outcome?.StepNorm ?? metrics.UpdateNorm,
            DownError = version is null ? null : _job.Model.DownError,
            Seen = _job.Model.Algorithm.Seen,
        };
        (JobStatus status, string? statusReason) = StatusAfter(round, version, metrics);
        bool isAsynchronous = _job.Model.Anarchic is not null;
        if (isAsynchronous && status != JobStatus.Running && status != JobStatus.Paused)
        {
            Machine.DiscardRest("The job had ended before the update arrived.");
        }

        return new RoundCommit(
            _job.Lease,
            round,
            _job.Now,
            [.. aggregate.Included.Select((update, i) => new CountedUpdate(
                update.AssignmentId, update.Weight, update.LocalSteps, update.Length, update.TrainingLoss, update.TrainingSeconds,
                i < aggregate.Scores.Count ? aggregate.Scores[i] : null)
            {
                BytesDown = Machine.Find(update.AssignmentId)?.BytesDown,
                Compression = update.Compression,
            })],
            [.. Machine.Assignments.Concat(Machine.Aside).Where(assignment => assignment.State == AssignmentState.Discarded)
                .Select(assignment => new DiscardedUpdate(assignment.Id, assignment.Reason!))],
            SilentDevices(round),
            metrics,
            version,
            status,
            statusReason)
        {
            IsAsynchronous = isAsynchronous,
        };
    }

    /// <summary>The assignments that were made in a round: all there are, but for a buffer, which has some of earlier ones.</summary>
    private Assignment[] Own(RoundKey round) => [.. Machine.Assignments.Where(assignment => _job.Terms.Buffer is null || assignment.Round == round.Round)];

    private void TakeAsCommitted(RoundCommit commit)
    {
        Machine.Finish();
        _job.Record = _job.Record with { Status = commit.Status, StatusReason = commit.StatusReason };
        _job.History = _job.History.Closed(commit.Round);
        if (commit.Version is not null)
        {
            _job.Model.Committed(commit.Version);
        }
    }

    private string? WhyUseless(RoundAggregate aggregate)
    {
        if (aggregate.Included.Count < _job.Terms.Minimum)
        {
            int lost = Machine.StoredCount - aggregate.Included.Count;
            string losses = lost > 0 ? $" {lost} more were stored, but their nodes were lost while the round closed." : "";
            return $"{aggregate.Included.Count} updates are in the aggregate; at least {_job.Terms.Minimum} are needed.{losses}";
        }

        return RoundFigures.IsFinite(aggregate) ? null : "The aggregate has values that are not finite.";
    }

    private (JobStatus Status, string? Reason) StatusAfter(RoundKey round, ModelVersionRecord? version, RoundMetrics metrics)
    {
        if (_job.Record.Definition.TargetAccuracy is { } target && metrics.Accuracy >= target)
        {
            return (JobStatus.Completed, FormattableString.Invariant($"The target accuracy {target} is reached: {metrics.Accuracy:0.####} at version {round.Round}."));
        }

        int trainingRounds = version?.TrainingRounds ?? _job.Model.Record.TrainingRounds;
        JobHistory history = _job.History.Closed(round);
        return RoundSchedule.After(_job.Record.Definition, trainingRounds, history.Examined, history.Described) == NextRound.None
            ? (JobStatus.Completed, "Every round is done.")
            : (_job.Record.Status, _job.Record.StatusReason);
    }

    private List<ClientFailureRecord> SilentDevices(RoundKey round) =>
        [.. Machine.Assignments
            .Where(assignment => assignment.FailureKind == ErrorKinds.TimedOut)
            .Select(assignment => new ClientFailureRecord(
                assignment.Id, round with { Round = assignment.Round }, assignment.DeviceId, ErrorKinds.TimedOut, assignment.Reason!, _job.Now))];

    private async Task<long> BytesDownAsync(RoundKey round, CancellationToken stop)
    {
        long bytes = 0;
        foreach (Assignment assignment in Own(round))
        {
            long model = _job.Model.BytesFor(assignment.ClientIndex);
            if (assignment.State == AssignmentState.Counted)
            {
                _job.Model.Holds(assignment.ClientIndex);
            }

            IReadOnlyList<SectionReference> down = await _job.DownSectionsAsync(round, assignment.Role, stop);
            assignment.BytesDown = model + down.Sum(section => (long)section.ByteLength);
            bytes += assignment.BytesDown.Value;
        }

        return bytes;
    }
}
