using System.Threading.Channels;
using Federated.Coordination.Exchange;
using Federated.Coordination.Persistence;
using Federated.Coordination.Rounds;
using Federated.Coordination.Tier;
using Federated.Protocol.OneByte;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;
using Microsoft.Extensions.Logging;

namespace Federated.Coordination.Jobs;

/// <summary>
/// The one writer of a job: a loop over an inbox that owns the job's rounds from selection to the commit point. It tells the state machine what
/// happens (<see cref="JobMessageHandler"/>) and carries out what it decides; <see cref="RoundOpening"/> and <see cref="RoundClosing"/> hold the steps.
/// </summary>
/// <remarks>
/// Nothing here survives a failure: when the store, the tier or the blob store throws, the loop ends, and a new coordinator takes the
/// job over with a higher writer epoch and goes on from what the store says.
/// </remarks>
internal sealed class JobCoordinator : IUpdateSink
{
    private readonly JobKey _key;
    private readonly CoordinatorServices _services;
    private readonly ILogger _logger;
    private readonly Channel<JobMessage> _inbox =
        Channel.CreateUnbounded<JobMessage>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CheckInCalls _calls = new();
    private readonly DispositionBoard _board = new();
    private readonly TaskCompletionSource _tookOver = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<RoundDecision> _batch = [];
    private CoordinatedJob? _job;
    private JobMessage? _handling;
    private bool _opensBuffer;
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

    public bool Wants(string assignmentId) => _job?.Wants(assignmentId) ?? false;

    public void OnLost(RoundKey key, IReadOnlyList<string> assignmentIds) => Post(new JobMessage.Lost(key, assignmentIds));

    /// <summary>Runs the job until it ends, another writer takes it over, something fails, or the server stops.</summary>
    public async Task<CoordinatorExit> RunAsync(CancellationToken stop)
    {
        RejectionReason farewell = RejectionReason.Unavailable;
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
        if (await _services.Store.AcquireAsync(_key, stop) is not { } snapshot)
        {
            return CoordinatorExit.NoSuchJob;
        }

        var job = new CoordinatedJob(_services, snapshot.Job);
        _job = job;
        try
        {
            if (snapshot.Job.Definition.Algorithm.Name == OneByteRun.Algorithm)
            {
                await ExchangeAsync(job, snapshot, stop);
                _logger.Ended(_key, job.Record.Status, job.Record.StatusReason);
                return CoordinatorExit.JobEnded;
            }

            var closing = new RoundClosing(job, _board, _logger);
            var opening = new RoundOpening(job, _calls, closing, this, _logger);
            await new JobTakeOver(job, opening, closing, _logger).RunAsync(snapshot, stop);
            _tookOver.TrySetResult();
            await WorkAsync(job, opening, closing, new JobMessageHandler(job, new JobCommands(job, closing, _logger), _calls, _board, _logger), stop);
            _logger.Ended(_key, job.Record.Status, job.Record.StatusReason);
            return CoordinatorExit.JobEnded;
        }
        catch (FencedException)
        {
            _logger.Fenced(_key, job.Lease.Epoch);
            return CoordinatorExit.Fenced;
        }
    }

    private async Task WorkAsync(CoordinatedJob job, RoundOpening opening, RoundClosing closing, JobMessageHandler messages, CancellationToken stop)
    {
        await using ITimer timer = _services.Time.CreateTimer(
            static inbox => ((ChannelWriter<JobMessage>)inbox!).TryWrite(new JobMessage.Tick()),
            _inbox.Writer,
            Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan);
        while (job.IsActive)
        {
            await CarryOutDecisionsAsync(job, opening, closing, messages, stop);
            _progress = job.Progress();
            if (!job.IsActive)
            {
                break;
            }

            timer.Change(TimeTo(job.Machine.NextTick, job.Now), Timeout.InfiniteTimeSpan);
            _handling = await _inbox.Reader.ReadAsync(stop);
            await messages.HandleAsync(_handling, stop);
            _handling = null;
        }
    }

    /// <summary>A job without rounds of updates: its exchange handles what the inbox holds.</summary>
    private async Task ExchangeAsync(CoordinatedJob job, JobSnapshot snapshot, CancellationToken stop)
    {
        if (!job.IsActive)
        {
            return;
        }

        using ExchangeLoop exchange = await ExchangeLoop.OpenAsync(job, snapshot, _logger, stop);
        _progress = exchange.Progress();
        _tookOver.TrySetResult();
        await using ITimer timer = _services.Time.CreateTimer(
            static inbox => ((ChannelWriter<JobMessage>)inbox!).TryWrite(new JobMessage.Tick()),
            _inbox.Writer,
            Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan);
        while (!exchange.IsDone)
        {
            timer.Change(TimeTo(exchange.Due, job.Now), Timeout.InfiniteTimeSpan);
            _handling = await _inbox.Reader.ReadAsync(stop);
            await exchange.HandleAsync(_handling, stop);
            _handling = null;
            _progress = exchange.Progress();
        }
    }

    // ---- What the state machine wants done ---------------------------------------------------------------------------

    private async Task CarryOutDecisionsAsync(
        CoordinatedJob job, RoundOpening opening, RoundClosing closing, JobMessageHandler messages, CancellationToken stop)
    {
        do
        {
            while (job.Machine.TryTake(out RoundDecision decision))
            {
                switch (decision.Kind)
                {
                    case RoundDecisionKind.Assign:
                        _batch.Add(decision);
                        break;
                    case RoundDecisionKind.Open:
                        await opening.OpenBufferAsync(followsBuffer: false, stop);
                        break;
                    case RoundDecisionKind.Redeliver:
                        await opening.AnswerAsync(decision.CallId, decision.Assignment!, stop);
                        break;
                    case RoundDecisionKind.Reject:
                        _calls.Reject(decision.CallId, decision.Rejection, decision.RetryAfter);
                        break;
                    case RoundDecisionKind.Close:
                        await AssignBatchAsync(opening, stop);
                        bool closesBuffer = job.Terms.Buffer is not null;
                        if (!await closing.CloseAsync(decision.Reason!, () => StartNext(job, opening, closing, messages), () => OpenNextBufferAsync(opening, closesBuffer, stop), stop))
                        {
                            await opening.ReopenAsync(stop);
                        }

                        await job.BeginNextAsync(stop);
                        break;
                    case RoundDecisionKind.Skip:
                        closing.Skip(decision.Reason!);
                        await job.BeginNextAsync(stop);
                        break;
                    default:
                        await AssignBatchAsync(opening, stop);
                        await closing.AbandonAsync(decision.Reason!, stop);
                        await job.BeginNextAsync(stop);
                        break;
                }
            }
        }
        while (await AssignBatchAsync(opening, stop));
    }

    /// <summary>
    /// Begins the next round before the commit point of the last one, with the devices that have checked in meanwhile; null when it does not open
    /// yet. Its decisions to assign stay in the batch, and are carried out after the commit.
    /// </summary>
    private RoundStart? StartNext(CoordinatedJob job, RoundOpening opening, RoundClosing closing, JobMessageHandler messages)
    {
        if (!job.TryBeginNext())
        {
            return null;
        }

        // Check-ins only: other messages may write, or ask for what the commit is about to decide.
        while (_inbox.Reader.TryPeek(out JobMessage? message) && message is JobMessage.CheckedIn(var call))
        {
            messages.TakeCheckIn(call);
            _inbox.Reader.TryRead(out _);
        }

        while (job.Machine.TryTake(out RoundDecision decision))
        {
            // Nothing but selection has happened to the round.
            switch (decision.Kind)
            {
                case RoundDecisionKind.Assign:
                    _batch.Add(decision);
                    break;
                case RoundDecisionKind.Open:
                    _opensBuffer = true;
                    break;
                case RoundDecisionKind.Skip:
                    closing.Skip(decision.Reason!);
                    break;
                default:
                    _calls.Reject(decision.CallId, decision.Rejection, decision.RetryAfter);
                    break;
            }
        }

        return _batch.Count == 0 && !_opensBuffer ? null : opening.Start(_batch);
    }

    private async Task OpenNextBufferAsync(RoundOpening opening, bool followsBuffer, CancellationToken stop)
    {
        if (_opensBuffer)
        {
            _opensBuffer = false;
            await opening.OpenBufferAsync(followsBuffer, stop);
        }
    }

    /// <summary>Carries out the decisions to assign that came together, in one go; false when there were none.</summary>
    private async Task<bool> AssignBatchAsync(RoundOpening opening, CancellationToken stop)
    {
        if (_batch.Count == 0)
        {
            return false;
        }

        await opening.AssignAsync(_batch, stop);
        _batch.Clear();
        return true;
    }

    // ---- The ends ----------------------------------------------------------------------------------------------------

    private static TimeSpan TimeTo(DateTimeOffset? due, DateTimeOffset now)
    {
        if (due is not { } next)
        {
            return Timeout.InfiniteTimeSpan;
        }

        // Timers count whole milliseconds; rounded up, so that the time has really come when it fires.
        double milliseconds = Math.Ceiling((next - now).TotalMilliseconds);
        return TimeSpan.FromMilliseconds(Math.Clamp(milliseconds, 1, TimeSpan.FromDays(1).TotalMilliseconds));
    }

    private void SayFarewell(RejectionReason reason)
    {
        TimeSpan retryAfter = reason == RejectionReason.Unavailable ? 2 * _services.Options.RestartDelay : TimeSpan.Zero;
        _inbox.Writer.TryComplete();
        _handling?.Decline(reason, retryAfter);
        while (_inbox.Reader.TryRead(out JobMessage? message))
        {
            message.Decline(reason, retryAfter);
        }

        _calls.RejectAll(reason, retryAfter);
        if (_job is not null)
        {
            _board.Close(_job.Machine);
        }
    }
}
