using System.Collections.Immutable;
using Federated.Coordination.Exchange;
using Federated.Coordination.Persistence;
using Federated.Coordination.Rounds;
using Federated.Protocol;
using Federated.Protocol.V1;
using Google.Protobuf.Collections;

namespace Federated.Coordination.Jobs;

/// <summary>What devices ask for: work at a job that needs them, the fates of their updates, a place in an exchange. Safe for use by several threads.</summary>
public sealed class DeviceDesk
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    private readonly CoordinatorServices _services;
    private readonly ActiveJobs _jobs;

    internal DeviceDesk(CoordinatorServices services, ActiveJobs jobs)
    {
        _services = services;
        _jobs = jobs;
    }

    /// <summary>
    /// Step 1 of the life of an update: answers with a task the moment there is one, or with a rejection when the device's time has passed.
    /// </summary>
    /// <param name="device">Who checks in.</param>
    /// <param name="request">What it can do and how long it waits.</param>
    /// <param name="cancellationToken">The device has gone.</param>
    /// <param name="afterSending">Takes what must stay until the answer has been sent, and is disposed then; without it no model is sent along.</param>
    public async Task<CheckInReply> CheckInAsync(
        DeviceIdentity device, CheckInRequest request, CancellationToken cancellationToken, Action<IDisposable>? afterSending = null)
    {
        if (!SdkVersions.IsAtLeast(request.SdkVersion, _services.Options.MinimumSdkVersion))
        {
            return Rejections.Reply(RejectionReason.UpgradeRequired, TimeSpan.Zero);
        }

        // A device that has to send again hears it at once: its coordinator rejects the check-in (see JobMessageHandler).
        CheckInReply reply = await RouteAsync(device, request, afterSending, cancellationToken);
        UpdateDisposition[] known = await DispositionsAsync(device, request.PendingAssignments, TimeSpan.Zero, cancellationToken);
        reply.Dispositions.AddRange(known.Where(disposition => disposition.Kind != DispositionKind.Pending));
        return reply;
    }

    /// <summary>Step 8: what became of a device's updates; waits for the first that is final or to be sent again.</summary>
    /// <param name="device">Who asks.</param>
    /// <param name="request">The assignments.</param>
    /// <param name="cancellationToken">The device has gone.</param>
    public async Task<DispositionReply> DispositionAsync(
        DeviceIdentity device, DispositionRequest request, CancellationToken cancellationToken)
    {
        var reply = new DispositionReply();
        reply.Dispositions.AddRange(
            await DispositionsAsync(device, request.AssignmentIds, WaitOf(request.WaitMs), cancellationToken));
        return reply;
    }

    /// <summary>Stores why a device gives its task up. False when the job's coordinator is away: the device may try again.</summary>
    /// <param name="device">Who reports.</param>
    /// <param name="report">What went wrong.</param>
    /// <param name="cancellationToken">The device has gone.</param>
    public async Task<bool> ReportFailureAsync(DeviceIdentity device, FailureReport report, CancellationToken cancellationToken)
    {
        if (_jobs.Find(JobOf(device, report.AssignmentId)) is not { } job)
        {
            // The job has ended, or never was: nothing is left to be told.
            return true;
        }

        var done = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        return job.Post(new JobMessage.Failed(device, report, done)) && await done.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Lets a device take part in a job's exchange of scalars.</summary>
    /// <param name="device">Who asks.</param>
    /// <param name="request">The job.</param>
    /// <param name="cancellationToken">The device has gone.</param>
    public async Task<ExchangeAnswer<JoinExchangeReply>> JoinExchangeAsync(
        DeviceIdentity device, JoinExchangeRequest request, CancellationToken cancellationToken)
    {
        if (_jobs.Find(new JobKey(device.TenantId, request.JobId)) is not { } job)
        {
            return new(null, new ExchangeRefusal(ErrorKinds.NoExchange, $"There is no active job '{request.JobId}'."));
        }

        var done = new TaskCompletionSource<ExchangeAnswer<JoinExchangeReply>>(TaskCreationOptions.RunContinuationsAsynchronously);
        return job.Post(new JobMessage.JoinedExchange(device, done)) ? await done.Task.WaitAsync(cancellationToken) : default;
    }

    /// <summary>Takes a device's gradients and waits for the end of their round, or gives it the log.</summary>
    /// <param name="device">Who sends.</param>
    /// <param name="request">What it sends.</param>
    /// <param name="cancellationToken">The device has gone.</param>
    public async Task<ExchangeAnswer<ExchangeScalarsReply>> ExchangeAsync(
        DeviceIdentity device, ExchangeScalarsRequest request, CancellationToken cancellationToken)
    {
        var call = new ExchangeCall(device, request, _services.Time.GetUtcNow() + WaitOf(request.WaitMs));
        if (_jobs.Find(new JobKey(device.TenantId, request.JobId)) is not { } job)
        {
            call.Reply(ExchangeNext.Ended, $"There is no active job '{request.JobId}'.");
            return await call.Answer;
        }

        if (!job.Post(new JobMessage.Exchanged(call)))
        {
            return default;
        }

        try
        {
            return await call.Answer.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            job.Post(new JobMessage.LeftExchange(call));
            throw;
        }
    }

    /// <summary>A device may work no more: its check-in is rejected and its tasks are given up.</summary>
    /// <param name="device">The device.</param>
    public void DeviceRevoked(DeviceIdentity device)
    {
        foreach ((JobKey key, SupervisedJob job) in _jobs.All)
        {
            if (key.TenantId == device.TenantId)
            {
                job.Post(new JobMessage.Revoked(device.DeviceId));
            }
        }
    }

    private async Task<CheckInReply> RouteAsync(
        DeviceIdentity device, CheckInRequest request, Action<IDisposable>? afterSending, CancellationToken cancellationToken)
    {
        DeviceTasks tasks = DeviceAbilities.Of(request.Capabilities);
        SupervisedJob? job = null;
        foreach ((JobKey key, SupervisedJob candidate) in _jobs.All)
        {
            bool wanted = key.TenantId == device.TenantId && (request.JobIds.Count == 0 || request.JobIds.Contains(key.JobId));
            if (wanted && (job is null || (candidate.Fits(tasks), candidate.Needs).CompareTo((job.Fits(tasks), job.Needs)) > 0))
            {
                job = candidate;
            }
        }

        if (job is null)
        {
            return request.JobIds.Count > 0 || await IsDoneAsync(device, cancellationToken)
                ? Rejections.Reply(RejectionReason.JobEnded, TimeSpan.Zero)
                : Rejections.Reply(RejectionReason.NoWork, TimeSpan.FromSeconds(5));
        }

        if (tasks == DeviceTasks.None)
        {
            return Rejections.Reply(RejectionReason.Incapable, TimeSpan.FromMinutes(10));
        }

        var call = new CheckInCall(
            device, tasks, request.PendingAssignments, _services.Time.GetUtcNow() + WaitOf(request.WaitMs),
            afterSending is null ? 0 : request.InlineModelBytes, request.HeldModel);
        if (!job.Post(new JobMessage.CheckedIn(call)))
        {
            return Rejections.Reply(RejectionReason.Unavailable, 2 * _services.Options.RestartDelay);
        }

        try
        {
            CheckInReply reply = await call.Answer.WaitAsync(cancellationToken);
            if (call.Model is { } model)
            {
                afterSending!(model);
            }

            return reply;
        }
        catch (OperationCanceledException)
        {
            job.Post(new JobMessage.Left(call));
            throw;
        }
    }

    /// <summary>
    /// A device without a wish may wait for its first job. It is done when it has seen the last one end, or has worked before: on a server that
    /// was started anew, nothing else tells the one from the other.
    /// </summary>
    private async Task<bool> IsDoneAsync(DeviceIdentity device, CancellationToken cancellationToken) =>
        _jobs.HaveEnded(device.TenantId)
        || await _services.Store.HasWorkedAsync(device.TenantId, device.DeviceId, cancellationToken);

    private async Task<UpdateDisposition[]> DispositionsAsync(
        DeviceIdentity device, RepeatedField<string> ids, TimeSpan wait, CancellationToken cancellationToken)
    {
        if (ids.Count == 0)
        {
            return [];
        }

        // A device holds updates of one job at a time as a rule; when it asks for several jobs at once, only a single one is waited for.
        var known = new Dictionary<string, UpdateDisposition>(StringComparer.Ordinal);
        IGrouping<JobKey, string>[] byJob = [.. ids.Distinct(StringComparer.Ordinal).GroupBy(id => JobOf(device, id))];
        foreach (IGrouping<JobKey, string> group in byJob)
        {
            TimeSpan waitHere = byJob.Length == 1 ? wait : TimeSpan.Zero;
            foreach ((string id, UpdateDisposition disposition) in await AskAsync(group.Key, device, [.. group], waitHere, cancellationToken))
            {
                known[id] = disposition;
            }
        }

        string[] missing = [.. ids.Where(id => !known.ContainsKey(id))];
        if (missing.Length > 0)
        {
            foreach (AssignmentRecord record in await _services.Store.FindAssignmentsAsync(
                device.TenantId, device.DeviceId, missing, cancellationToken))
            {
                known[record.AssignmentId] = Dispositions.Of(record);
            }
        }

        return [.. ids.Select(id => known.GetValueOrDefault(id) ?? Dispositions.Unknown(id))];
    }

    private async Task<IReadOnlyDictionary<string, UpdateDisposition>> AskAsync(
        JobKey key, DeviceIdentity device, RepeatedField<string> ids, TimeSpan wait, CancellationToken cancellationToken)
    {
        var query = new DispositionQuery(device.DeviceId, ids, waits: wait > TimeSpan.Zero);
        if (_jobs.Find(key) is not { } job || !job.Post(new JobMessage.Asked(query)))
        {
            return ImmutableDictionary<string, UpdateDisposition>.Empty;
        }

        if (!query.Waits)
        {
            return await query.Answer.WaitAsync(cancellationToken);
        }

        try
        {
            return await query.Answer.WaitAsync(wait, _services.Time, cancellationToken);
        }
        catch (TimeoutException)
        {
            // The coordinator answers with what it knows now, or has ended and has answered already.
            job.Post(new JobMessage.AskedEnough(query));
            return await query.Answer.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            job.Post(new JobMessage.AskedEnough(query));
            throw;
        }
    }

    private static JobKey JobOf(DeviceIdentity device, string assignmentId) =>
        new(device.TenantId, AssignmentIds.JobOf(assignmentId));

    private static TimeSpan WaitOf(uint milliseconds)
    {
        var wait = TimeSpan.FromMilliseconds(milliseconds);
        return wait < LongestWait ? wait : LongestWait;
    }
}
