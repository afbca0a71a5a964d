using Federated.Client.Calls;
using Federated.Client.Participation;
using Federated.Client.Transfer;
using Federated.Protocol;
using Federated.Protocol.V1;
using Microsoft.Extensions.Logging;

namespace Federated.Client.Sessions;

/// <summary>
/// The device's main path: check in, work, upload, learn what became of it, until the job ends. It waits in calls that the server
/// answers when there is news, and otherwise only as long as the server asks.
/// </summary>
internal sealed partial class DeviceSession(
    FederatedClientOptions options,
    CoordinatorCalls coordinator,
    PendingUpdates pending,
    UpdateDelivery delivery,
    FailureReports failures,
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

    /// <summary>The jobs to name at check-in: those of the options, or the one that gave the first task.</summary>
    private readonly List<string> _jobIds = [.. options.JobIds];
    private int _trained;
    private int _evaluated;
    private int _failed;
    private int _exchanged;
    private string? _stateHash;

    public async Task<SessionSummary> RunAsync(LocalWork work, CancellationToken cancellationToken)
    {
        // 1. What an earlier run left: its fate may be known, or its upload may have been cut off.
        pending.Load();
        if (pending.Count > 0)
        {
            await delivery.AskAsync(TimeSpan.Zero, cancellationToken).ConfigureAwait(false);
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
            await delivery.ApplyAsync(reply.Dispositions, cancellationToken).ConfigureAwait(false);

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
                    await delivery.WatchingAsync(token => PauseAsync(pause, token), cancellationToken).ConfigureAwait(false);
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
                await delivery.WatchingAsync(token => PauseAsync(delay, token), cancellationToken).ConfigureAwait(false);
            }
        }

        // 6. The job is over: learn the fate of what is left, as long as the server has news of it.
        for (int left = int.MaxValue; pending.Count > 0 && pending.Count < left;)
        {
            left = pending.Count;
            await delivery.AskAsync(UpdateDelivery.LongestWait, cancellationToken).ConfigureAwait(false);
        }

        events.JobEnded("");
        return new SessionSummary(_trained, _evaluated, delivery.Counted, delivery.Discarded, _failed) { Exchanged = _exchanged, StateHash = _stateHash };
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
            return await delivery.WatchingAsync(token => coordinator.CheckInAsync(request, token), ended.Token).ConfigureAwait(false);
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
            await failures.SayGoodbyeAsync(task.AssignmentId).ConfigureAwait(false);
            throw;
        }

        if (result.Failure is { } failure)
        {
            _failed++;
            LogTaskFailed(logger, task.AssignmentId, failure.Kind, failure.Message);
            events.TaskFailed(task, failure.Kind, failure.Message);
            await failures.ReportAsync(task.AssignmentId, failure, cancellationToken).ConfigureAwait(false);
            return failure.Kind == ErrorKinds.Interrupted;
        }

        PendingUpdate update = result.Update!;
        pending.Add(update);
        bool stored = await delivery.SendAsync(update, cancellationToken).ConfigureAwait(false);
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
}
