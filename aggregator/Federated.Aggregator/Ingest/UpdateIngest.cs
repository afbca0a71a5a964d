using Federated.Aggregator.Events;
using Federated.Aggregator.Rounds;
using Federated.Protocol.Rounds;
using Federated.Protocol.Tickets;
using Federated.Protocol.V1;
using Federated.Storage.Slots;
using Microsoft.Extensions.Logging;

namespace Federated.Aggregator.Ingest;

/// <summary>
/// The gateway's logic without its transport. The order is the contract: ticket, round, duplicate, sections, lengths, claims, slot
/// — all before the first payload byte is read — then the bytes, their checks, slot, journal, event.
/// </summary>
public sealed partial class UpdateIngest
{
    private static readonly TimeSpan InProgressDelay = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan ReopeningDelay = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan BufferDelay = TimeSpan.FromMilliseconds(200);

    private readonly string _nodeId;
    private readonly TicketVerifier _verifier;
    private readonly RoundTable _rounds;
    private readonly LeftoverRounds _leftovers;
    private readonly UpdateStore _store;
    private readonly IEventBus _bus;
    private readonly AggregatorMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private int _sessions;
    private bool _isStopping;

    internal UpdateIngest(
        string nodeId, TicketVerifier verifier, RoundTable rounds, LeftoverRounds leftovers, UpdateStore store, IEventBus bus, AggregatorMetrics metrics,
        TimeProvider time, ILogger logger)
    {
        _nodeId = nodeId;
        _verifier = verifier;
        _rounds = rounds;
        _leftovers = leftovers;
        _store = store;
        _bus = bus;
        _metrics = metrics;
        _time = time;
        _logger = logger;
    }

    /// <summary>Judges a header. No payload byte has been read, and none is when there is no session.</summary>
    public UploadAdmission Begin(UpdateHeader header, DeviceCaller caller)
    {
        ArgumentNullException.ThrowIfNull(header);
        UploadAdmission admission = Admit(header, caller, out UpdateTicket ticket);
        if (admission.Session is null)
        {
            Report(admission.Result, ticket.AssignmentId, RoundOf(ticket));
        }

        return admission;
    }

    /// <summary>Counts and logs an upload that ended without a stored update after its admission.</summary>
    public void ReportFailure(UploadSession session, UploadResult result)
    {
        ArgumentNullException.ThrowIfNull(session);
        Report(result, session.AssignmentId, session.Round.Plan.Key);
    }

    /// <summary>Counts and logs an upload whose first message was no header.</summary>
    public void ReportMalformed(UploadResult result) => Report(result, "unknown", null);

    /// <summary>Takes no more uploads from now on and waits for those that run.</summary>
    internal Task StopAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _isStopping = true;
            if (_sessions == 0)
            {
                _idle.TrySetResult();
            }
        }

        return _idle.Task.WaitAsync(cancellationToken);
    }

    internal async ValueTask<UploadResult> StoreAsync(
        UploadSession session, Func<string, UpdateCommitted> describe, SlotWriteLease lease, int length, ulong checksum, long started)
    {
        switch (BeginCommit(session))
        {
            case CommitOutcome.NotOpen:
                return new UploadResult(UploadOutcome.StaleRound, _rounds.Explain(session.Round.Plan.Key));
            case CommitOutcome.Full:
                return BufferFull;
        }

        NodeRound round = session.Round;

        UpdateCommitted update;
        try
        {
            // The bytes are complete: a sender that goes away now must not tear the commit.
            update = await _store.CommitAsync(lease, length, checksum, describe(_nodeId), round.Plan.Durability, CancellationToken.None);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            round.Updates.CancelCommit();
            LogStorageFailed(exception, round.Plan.Key);
            return new UploadResult(UploadOutcome.StorageFailed, "The node could not write its journal; send the update again later.");
        }
        catch
        {
            round.Updates.CancelCommit();
            throw;
        }

        round.Updates.EndCommit(update);
        await _bus.PublishAsync(update, CancellationToken.None);
        _metrics.UploadStored(length, _time.GetElapsedTime(started));
        return UploadResult.Stored;
    }

    internal void SessionEnded(bool isStored)
    {
        if (!isStored)
        {
            _store.SlotFreed();
        }

        lock (_gate)
        {
            _sessions--;
            if (_isStopping && _sessions == 0)
            {
                _idle.TrySetResult();
            }
        }
    }

    private UploadAdmission Admit(UpdateHeader header, DeviceCaller caller, out UpdateTicket ticket)
    {
        // 1. The ticket: signature, owner, expiry.
        TicketVerdict verdict = _verifier.Verify(header.Ticket, out ticket);
        if (TicketCheck.Check(verdict, ticket, caller) is { } refusal)
        {
            return UploadAdmission.Ended(refusal);
        }

        // 2. The round, under a writer that is at least as new as the ticket's.
        RoundKey key = RoundOf(ticket);
        bool mayBeOpened = _leftovers.MayBeOpened(key);
        NodeRound? round = _rounds.Find(key) is { Plan.IsBuffer: false } own ? own : _rounds.FindBuffer(key);
        if (round is null && mayBeOpened)
        {
            return UploadAdmission.Ended(
                UploadOutcome.Unavailable, "This node has started again, and the round is about to be opened here; send the update again later.", ReopeningDelay);
        }

        if (round is null || ticket.WriterEpoch > round.Plan.WriterEpoch)
        {
            return UploadAdmission.Ended(UploadOutcome.StaleRound, _rounds.Explain(key));
        }

        // 3. Duplicates, and one upload at a time of each update.
        switch (round.Updates.Claim(ticket.AssignmentId))
        {
            case ClaimOutcome.Stored:
                return UploadAdmission.Ended(UploadResult.AlreadyStored);
            case ClaimOutcome.InProgress:
                return UploadAdmission.Ended(
                    UploadOutcome.UploadInProgress, "Another upload of this update is running; ask again when it has ended.", InProgressDelay);
            case ClaimOutcome.NotOpen:
                return round.Plan.IsBuffer ? UploadAdmission.Ended(BufferFull) : UploadAdmission.Ended(UploadOutcome.StaleRound, _rounds.Explain(key));
            case ClaimOutcome.Full:
                return UploadAdmission.Ended(BufferFull);
            case ClaimOutcome.NotWanted:
                return UploadAdmission.Ended(UploadOutcome.StaleRound, $"Nobody waits for the update {ticket.AssignmentId} any more; ask what became of it.");
        }

        // 4. What the header announces, then a slot for it.
        UploadAdmission admission = Reserve(header, ticket, round);
        if (admission.Session is null)
        {
            round.Updates.Unclaim(ticket.AssignmentId);
        }

        return admission;
    }

    private static UploadResult BufferFull => new(
        UploadOutcome.BufferFull, "The buffer of the job is full and becomes a model version; the next one takes the update.", BufferDelay);

    /// <summary>A buffer that has closed while the bytes came in gives way to the job's next one: a slow device must not be outrun for ever.</summary>
    private CommitOutcome BeginCommit(UploadSession session)
    {
        while (true)
        {
            CommitOutcome outcome = session.Round.Updates.BeginCommit();
            if (outcome != CommitOutcome.NotOpen || !session.Round.Plan.IsBuffer)
            {
                return outcome;
            }

            NodeRound? next = _rounds.FindBuffer(session.Round.Plan.Key);
            if (next is null)
            {
                return CommitOutcome.NotOpen;
            }

            if (next == session.Round)
            {
                return CommitOutcome.Full;
            }

            // It was checked against the buffer before; the next one may take nothing from under so early a mask any more.
            if (next.Plan.FormOf(session.Role).IsDefault)
            {
                return CommitOutcome.NotOpen;
            }

            switch (next.Updates.Claim(session.AssignmentId))
            {
                case ClaimOutcome.Claimed:
                    session.MoveTo(next);
                    break;
                case ClaimOutcome.NotWanted:
                    return CommitOutcome.NotOpen;
                default:
                    return CommitOutcome.Full;
            }
        }
    }

    private UploadAdmission Reserve(UpdateHeader header, UpdateTicket ticket, NodeRound round)
    {
        if (HeaderCheck.Check(header, ticket, round.Plan, _store.SlotBytes, out long length) is { } refusal)
        {
            return UploadAdmission.Ended(refusal);
        }

        lock (_gate)
        {
            if (_isStopping)
            {
                return UploadAdmission.Ended(UploadOutcome.Unavailable, "The node is stopping; send the update again later.");
            }

            if (!_store.TryReserve(length, out SlotWriteLease? lease))
            {
                TimeSpan delay = _store.RetryDelay();
                return UploadAdmission.Ended(
                    UploadOutcome.PoolFull, $"No slot of this node is free; come back in {delay.TotalMilliseconds:F0} ms.", delay);
            }

            _sessions++;
            return new UploadAdmission(new UploadSession(this, round, header, ticket, lease!, _time.GetTimestamp()), default);
        }
    }

    private void Report(UploadResult result, string assignmentId, RoundKey? round)
    {
        _metrics.UploadEnded(result.Outcome);
        if (result.Outcome == UploadOutcome.AlreadyStored)
        {
            LogDuplicate(assignmentId, round);
        }
        else
        {
            LogRejected(result.Outcome, assignmentId, round, result.Message);
        }
    }

    private static RoundKey RoundOf(UpdateTicket ticket) =>
        new(ticket.TenantId, ticket.JobId, checked((int)ticket.Round), ticket.Kind);

    [LoggerMessage(1201, LogLevel.Warning, "Update {AssignmentId} of round {Round} refused: {Outcome}. {Reason}", EventName = "UpdateRefused")]
    private partial void LogRejected(UploadOutcome outcome, string assignmentId, RoundKey? round, string reason);

    [LoggerMessage(1202, LogLevel.Information, "Update {AssignmentId} of round {Round} came again and was dropped", EventName = "UpdateDuplicate")]
    private partial void LogDuplicate(string assignmentId, RoundKey? round);

    [LoggerMessage(1203, LogLevel.Error, "Storing an update of round {Round} failed", EventName = "StorageFailed")]
    private partial void LogStorageFailed(Exception exception, RoundKey round);
}
