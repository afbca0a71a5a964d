using Federated.Client.Calls;
using Federated.Client.Participation;
using Federated.Client.Transfer;
using Federated.Protocol;
using Federated.Protocol.V1;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace Federated.Client.Sessions;

/// <summary>
/// The device's main path: check in, work, upload, learn what became of it, until the job ends. It waits in calls that the server
/// answers when there is news, and otherwise only as long as the server asks.
/// </summary>
internal sealed partial class DeviceSession(
    FederatedClientOptions options,
    CoordinatorCalls coordinator,
    UpdateUploader uploader,
    PendingUpdates pending,
    ClientStates states,
    TaskRunner runner,
    ParticipationGate gate,
    ExchangeSession exchange,
    DeviceEvents events,
    Jitter jitter,
    TimeProvider timeProvider,
    ILogger logger)
{
    /// <summary>A model of at most so many bytes comes with the task; a larger one is downloaded, which can be resumed.</summary>
    private const uint InlineModelBytes = 1024 * 1024;

    private static readonly TimeSpan DispositionWait = TimeSpan.FromSeconds(60);
    /// <summary>In a quick round the next check-in's answer tells the fates, and the call that waits for them is spared.</summary>
    private static readonly TimeSpan WatchAfter = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan FarewellLimit = TimeSpan.FromSeconds(2);

    /// <summary>The jobs to name at check-in: those of the options, or the one that gave the first task.</summary>
    private readonly List<string> _jobIds = [.. options.JobIds];
    private int _trained;
    private int _evaluated;
    private int _counted;
    private int _discarded;
    private int _failed;
    private int _exchanged;
    private string? _stateHash;

    public async Task<SessionSummary> RunAsync(LocalWork work, CancellationToken cancellationToken)
    {
        // 1. What an earlier run left: its fate may be known, or its upload may have been cut off.
        pending.Load();
        if (pending.Count > 0)
        {
            await AskAsync(TimeSpan.Zero, cancellationToken).ConfigureAwait(false);
        }

        int failuresInARow = 0;
        int fastRejections = 0;
        while (true)
        {
            // 2. When the device's policy lets it, wait for work. Meanwhile the fate of sent updates may become known, and the server may need
            // one again. A policy that changes its mind ends the wait.
            await gate.WaitAsync(cancellationToken).ConfigureAwait(false);
            using ParticipationWatch watch = gate.Watch();
            long asked = timeProvider.GetTimestamp();
            CheckInRequest request = Request(work);
            if (await CheckInAsync(request, watch, cancellationToken).ConfigureAwait(false) is not var (reply, model))
            {
                continue;
            }

            // 3. Fates first: the state that they commit is what the next task starts from.
            await ApplyAsync(reply.Dispositions, cancellationToken).ConfigureAwait(false);

            if (reply.OutcomeCase == CheckInReply.OutcomeOneofCase.Assignment)
            {
                // 4. Work and upload. A failed task is reported; repeated ones slow the device down.
                if (_jobIds.Count == 0)
                {
                    _jobIds.Add(reply.Assignment.JobId);
                }

                bool done = await TakeAsync(reply.Assignment, model, watch, cancellationToken).ConfigureAwait(false);
                failuresInARow = done ? 0 : failuresInARow + 1;
                fastRejections = 0;
                if (failuresInARow > 1)
                {
                    TimeSpan pause = Backoff(failuresInARow - 1);
                    await WatchingAsync(token => PauseAsync(pause, token), cancellationToken).ConfigureAwait(false);
                }

                continue;
            }

            if (reply.OutcomeCase == CheckInReply.OutcomeOneofCase.Exchange)
            {
                // An exchange of scalars has a conversation of its own, which ends with its job, or when the policy changes its mind.
                if (_jobIds.Count == 0)
                {
                    _jobIds.Add(reply.Exchange.JobId);
                }

                await ExchangeAsync(reply.Exchange.JobId, work, watch, cancellationToken).ConfigureAwait(false);
                continue;
            }

            Rejection rejection = reply.Rejection ?? throw new FederatedClientException(
                FederatedClientReason.ProtocolViolation, "The server answered a check-in with neither a task nor a rejection.");
            if (rejection.Reason == RejectionReason.JobEnded && request.JobIds.Count > 0)
            {
                break;
            }

            if (rejection.Reason == RejectionReason.UpgradeRequired)
            {
                throw new FederatedClientException(
                    FederatedClientReason.UpgradeRequired,
                    $"The server does not work with version {SdkVersion.Current} of the SDK: {rejection.Message}");
            }

            // 5. Come back when the server says. One that says nothing and answers at once is not asked again at once.
            bool fast = rejection.RetryAfterMs == 0 && timeProvider.GetElapsedTime(asked) < options.CheckInWait / 2;
            fastRejections = fast ? fastRejections + 1 : 0;
            TimeSpan delay = fast ? Backoff(fastRejections) : jitter.Stretch(TimeSpan.FromMilliseconds(rejection.RetryAfterMs));
            if (delay > TimeSpan.Zero)
            {
                events.Waiting(rejection, delay);
                await WatchingAsync(token => PauseAsync(delay, token), cancellationToken).ConfigureAwait(false);
            }
        }

        // 6. The job is over: learn the fate of what is left, as long as the server has news of it.
        for (int left = int.MaxValue; pending.Count > 0 && pending.Count < left;)
        {
            left = pending.Count;
            await AskAsync(DispositionWait, cancellationToken).ConfigureAwait(false);
        }

        events.JobEnded("");
        return new SessionSummary(_trained, _evaluated, _counted, _discarded, _failed) { Exchanged = _exchanged, StateHash = _stateHash };
    }

    private async Task ExchangeAsync(string jobId, LocalWork work, ParticipationWatch watch, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, watch.Refused);
        try
        {
            ExchangeResult result = await exchange.RunAsync(jobId, work, ended.Token).ConfigureAwait(false);
            (_exchanged, _stateHash) = (result.Rounds, result.StateHash);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The gate says when the device may come back; it will catch up then.
        }
    }

    /// <summary>One waiting check-in; null when the device's policy ended it.</summary>
    private async Task<CheckInAnswer?> CheckInAsync(CheckInRequest request, ParticipationWatch watch, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, watch.Refused);
        try
        {
            return await WatchingAsync(token => coordinator.CheckInAsync(request, token), ended.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested && watch.Refused.IsCancellationRequested)
        {
            return null;
        }
    }

    private CheckInRequest Request(LocalWork work)
    {
        var request = new CheckInRequest
        {
            SdkVersion = SdkVersion.Current,
            WaitMs = (uint)options.CheckInWait.TotalMilliseconds,
            InlineModelBytes = InlineModelBytes,
            HeldModel = runner.HeldModel,
            Capabilities = new DeviceCapabilities
            {
                ExampleCount = (ulong)work.ExampleCount,
                MemoryBytes = (ulong)options.MemoryBytes,
                DeviceClass = options.DeviceClass,
            },
        };
        request.Capabilities.Tasks.AddRange([TaskKind.Train, TaskKind.Evaluate, TaskKind.Exchange]);
        if (work.GivesStatistics)
        {
            request.Capabilities.Tasks.Add(TaskKind.Statistics);
        }

        request.Capabilities.Codecs.AddRange([SectionCodec.Dense, SectionCodec.Frame]);
        request.JobIds.AddRange(_jobIds);
        request.PendingAssignments.AddRange(pending.Ids());
        return request;
    }

    /// <summary>Runs a task to its upload; false when it failed, and not by the will of the device's policy.</summary>
    private async Task<bool> TakeAsync(TaskAssignment task, BlobLease? model, ParticipationWatch watch, CancellationToken cancellationToken)
    {
        events.Assigned(task);
        TaskResult result;
        try
        {
            result = await runner.RunAsync(task, model, watch, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await SayGoodbyeAsync(task).ConfigureAwait(false);
            throw;
        }

        if (result.Failure is { } failure)
        {
            _failed++;
            LogTaskFailed(logger, task.AssignmentId, failure.Kind, failure.Message);
            events.TaskFailed(task, failure.Kind, failure.Message);
            await ReportAsync(task.AssignmentId, failure, cancellationToken).ConfigureAwait(false);
            return failure.Kind == ErrorKinds.Interrupted;
        }

        PendingUpdate update = result.Update!;
        pending.Add(update);
        bool stored = await SendAsync(update, cancellationToken).ConfigureAwait(false);
        if (stored && task.Kind == TaskKind.Train)
        {
            _trained++;
        }
        else if (stored)
        {
            _evaluated++;
        }

        return stored;
    }

    /// <summary>Uploads until the server holds the update (true). A refusal for good drops it; a closed round leaves it to the coordinator.</summary>
    private async Task<bool> SendAsync(PendingUpdate update, CancellationToken cancellationToken)
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
            if (await new MovingUpload(uploader, coordinator, options.Retry.BaseDelay, timeProvider).RunAsync(update, cancellationToken).ConfigureAwait(false)
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
        await ReportAsync(assignmentId, refusal, cancellationToken).ConfigureAwait(false);
        return false;
    }

    /// <summary>Asks for the fate of all pending updates once, and acts on it.</summary>
    private async Task AskAsync(TimeSpan wait, CancellationToken cancellationToken)
    {
        DispositionReply reply = await coordinator.DispositionAsync(pending.Ids(), wait, cancellationToken).ConfigureAwait(false);
        await ApplyAsync(reply.Dispositions, cancellationToken).ConfigureAwait(false);
    }

    private async Task ApplyAsync(IEnumerable<UpdateDisposition> dispositions, CancellationToken cancellationToken)
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
        _counted++;
        events.Counted(update.Ticket, version);
    }

    private void Drop(string assignmentId, string reason)
    {
        if (pending.Take(assignmentId) is { } update)
        {
            update.Dispose();
            _discarded++;
            events.Discarded(update.Ticket, reason);
        }
    }

    /// <summary>Runs something that may take time, and listens for news of pending updates when it does.</summary>
    private async Task<T> WatchingAsync<T>(Func<CancellationToken, Task<T>> main, CancellationToken cancellationToken)
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
                await AskAsync(DispositionWait, cancellationToken).ConfigureAwait(false);
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

    private async Task<bool> PauseAsync(TimeSpan delay, CancellationToken cancellationToken)
    {
        await Task.Delay(delay, timeProvider, cancellationToken).ConfigureAwait(false);
        return true;
    }

    private TimeSpan Backoff(int times)
    {
        double longest = Math.Min(options.Retry.MaxDelay.TotalSeconds, options.Retry.BaseDelay.TotalSeconds * Math.Pow(2, Math.Min(times - 1, 20)));
        return jitter.Stretch(TimeSpan.FromSeconds(longest));
    }

    private async Task ReportAsync(string assignmentId, TaskFailure failure, CancellationToken cancellationToken)
    {
        try
        {
            await coordinator.ReportFailureAsync(
                new FailureReport { AssignmentId = assignmentId, Kind = failure.Kind, Message = failure.Message },
                cancellationToken).ConfigureAwait(false);
        }
        catch (FederatedClientException e) when (e.Reason == FederatedClientReason.Refused)
        {
            LogReportRefused(logger, assignmentId, e.Message);
        }
    }

    /// <summary>The application stops: tell the server, so that the round does not wait for this device.</summary>
    private async Task SayGoodbyeAsync(TaskAssignment task)
    {
        using var limit = new CancellationTokenSource(FarewellLimit, timeProvider);
        try
        {
            await ReportAsync(task.AssignmentId, new TaskFailure(ErrorKinds.Interrupted, "The application stopped."), limit.Token)
                .ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or FederatedClientException)
        {
            LogReportRefused(logger, task.AssignmentId, e.Message);
        }
    }
}
