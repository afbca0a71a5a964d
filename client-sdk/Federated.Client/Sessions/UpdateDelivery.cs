using Federated.Client.Calls;
using Federated.Client.Participation;
using Federated.Client.Transfer;
using Federated.Protocol;
using Federated.Protocol.V1;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace Federated.Client.Sessions;

/// <summary>Brings finished updates to the server, and acts on what becomes of them: they count, are discarded, or have to be sent again.</summary>
internal sealed partial class UpdateDelivery(
    CoordinatorCalls coordinator,
    UpdateUploader uploader,
    PendingUpdates pending,
    ClientStates states,
    ParticipationGate gate,
    FailureReports failures,
    DeviceEvents events,
    TimeSpan retryDelay,
    TimeProvider timeProvider,
    ILogger logger)
{
    /// <summary>How long the coordinator may take to have news.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(60);

    /// <summary>In a quick round the next check-in's answer tells the fates, and the call that waits for them is spared.</summary>
    private static readonly TimeSpan WatchAfter = TimeSpan.FromMilliseconds(250);

    /// <summary>Updates of this run that are in a model version.</summary>
    public int Counted { get; private set; }

    /// <summary>Updates of this run that will be in none.</summary>
    public int Discarded { get; private set; }

    /// <summary>Uploads until the server holds the update (true). A refusal for good drops it; a closed round leaves it to the coordinator.</summary>
    public async Task<bool> SendAsync(PendingUpdate update, CancellationToken cancellationToken)
    {
        try
        {
            return await UploadAsync(update, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            gate.Book();
        }
    }

    private async Task<bool> UploadAsync(PendingUpdate update, CancellationToken cancellationToken)
    {
        TaskFailure refusal;
        try
        {
            if (await new MovingUpload(uploader, coordinator, retryDelay, timeProvider).RunAsync(update, cancellationToken).ConfigureAwait(false)
                is { } decided)
            {
                await ApplyAsync([decided], cancellationToken).ConfigureAwait(false);
                return decided.Kind == DispositionKind.Counted;
            }

            pending.MarkStored(update);
            events.Stored(update.Ticket);
            return true;
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.FailedPrecondition)
        {
            // The round takes no more updates, but an upload of these bytes whose answer was lost may be in it: only the
            // coordinator knows, so the bytes are kept until it says what became of them.
            LogUploadRefused(logger, update.AssignmentId, e.Trailers.GetValue(ErrorKinds.Trailer) ?? ErrorKinds.StaleRound, CallRunner.Describe(e));
            pending.MarkStored(update);
            return false;
        }
        catch (RpcException e)
        {
            refusal = new TaskFailure(e.Trailers.GetValue(ErrorKinds.Trailer) ?? ErrorKinds.Protocol, CallRunner.Describe(e));
        }
        catch (FederatedClientException e) when (e.Reason == FederatedClientReason.ProtocolViolation)
        {
            refusal = new TaskFailure(ErrorKinds.Protocol, e.Message);
        }

        string assignmentId = update.AssignmentId;
        LogUploadRefused(logger, assignmentId, refusal.Kind, refusal.Message);
        Drop(assignmentId, refusal.Message);
        await failures.ReportAsync(assignmentId, refusal, cancellationToken).ConfigureAwait(false);
        return false;
    }

    /// <summary>Asks for the fate of all pending updates once, and acts on it.</summary>
    public async Task AskAsync(TimeSpan wait, CancellationToken cancellationToken)
    {
        DispositionReply reply = await coordinator.DispositionAsync(pending.Ids(), wait, cancellationToken).ConfigureAwait(false);
        await ApplyAsync(reply.Dispositions, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Acts on what the coordinator says of updates; what it says of others is passed over.</summary>
    public async Task ApplyAsync(IEnumerable<UpdateDisposition> dispositions, CancellationToken cancellationToken)
    {
        foreach (UpdateDisposition disposition in dispositions)
        {
            if (pending.Find(disposition.AssignmentId) is not { } update)
            {
                continue;
            }

            switch (disposition.Kind)
            {
                case DispositionKind.Counted:
                    Count(update, disposition.ModelVersion);
                    break;
                case DispositionKind.Discarded:
                    Drop(update.AssignmentId, disposition.Reason);
                    break;
                case DispositionKind.Unknown:
                    Drop(update.AssignmentId, "the server does not know the update");
                    break;
                case DispositionKind.Resend:
                    update.MoveTo(disposition.Gateway);
                    events.Resending(update.Ticket, disposition.Reason);
                    await SendAsync(update, cancellationToken).ConfigureAwait(false);
                    break;
                case DispositionKind.Pending when !update.Stored:
                    await SendAsync(update, cancellationToken).ConfigureAwait(false);
                    break;
                default:
                    break;
            }
        }
    }

    private void Count(PendingUpdate update, uint version)
    {
        // State first: an application that ends here counts the update again at its next start, which changes nothing.
        if (update.NextState.Length > 0)
        {
            states.Commit(update.Ticket.JobId, update.Ticket.StateEpoch, update.NextState);
        }

        pending.Take(update.AssignmentId)?.Dispose();
        Counted++;
        events.Counted(update.Ticket, version);
    }

    private void Drop(string assignmentId, string reason)
    {
        if (pending.Take(assignmentId) is { } update)
        {
            update.Dispose();
            Discarded++;
            events.Discarded(update.Ticket, reason);
        }
    }

    /// <summary>Runs something that may take time, and listens for news of pending updates when it does.</summary>
    public async Task<T> WatchingAsync<T>(Func<CancellationToken, Task<T>> main, CancellationToken cancellationToken)
    {
        if (pending.Count == 0)
        {
            return await main(cancellationToken).ConfigureAwait(false);
        }

        using var done = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<T> work = main(cancellationToken);
        Task quiet = Task.Delay(WatchAfter, timeProvider, done.Token);
        Task watch = await Task.WhenAny(work, quiet).ConfigureAwait(false) == work ? Task.CompletedTask : WatchAsync(done.Token);
        try
        {
            return await work.ConfigureAwait(false);
        }
        finally
        {
            await done.CancelAsync().ConfigureAwait(false);
            await watch.ConfigureAwait(false);
        }
    }

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (pending.Count > 0)
            {
                await AskAsync(LongestWait, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // What was waited for has ended; the fates come with the next check-in.
        }
        catch (FederatedClientException e)
        {
            // The check-in meets the same trouble and decides.
            LogWatchEnded(logger, e.Message);
        }
    }

    [LoggerMessage(EventId = 1402, EventName = "UploadRefused", Level = LogLevel.Warning,
        Message = "The update of assignment {AssignmentId} was refused ({Kind}): {Reason}")]
    private static partial void LogUploadRefused(ILogger logger, string assignmentId, string kind, string reason);

    [LoggerMessage(EventId = 1403, EventName = "WatchEnded", Level = LogLevel.Information,
        Message = "No news of pending updates for now: {Reason}")]
    private static partial void LogWatchEnded(ILogger logger, string reason);
}
