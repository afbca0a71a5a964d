using Federated.Coordination.Persistence;
using Federated.Protocol.Jobs;
using Microsoft.Extensions.Logging;

namespace Federated.Coordination.Jobs;

/// <summary>
/// Runs the coordinator of every active job, and brings commands to it. Safe for use by several threads.
/// </summary>
public sealed partial class JobDirectory : IAsyncDisposable
{
    private readonly CoordinatorServices _services;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger<JobDirectory> _logger;
    private readonly ActiveJobs _jobs = new();
    private readonly CancellationTokenSource _stopping = new();
    private bool _disposed;

    internal JobDirectory(CoordinatorServices services, ILoggerFactory loggers)
    {
        _services = services;
        _loggers = loggers;
        _logger = loggers.CreateLogger<JobDirectory>();
        Devices = new DeviceDesk(services, _jobs);
    }

    /// <summary>Answers devices.</summary>
    public DeviceDesk Devices { get; }

    /// <summary>
    /// Starts a coordinator for every active job, and waits until open rounds take updates again: a device that sends one earlier would be
    /// told that its round is unknown.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await SuperviseActiveAsync(cancellationToken);
        await ForgetEndedAsync(cancellationToken);
    }

    /// <summary>Waits until open rounds take updates again, and has the tier free what is left of jobs that have ended.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task ForgetEndedAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(_jobs.All.Select(job => job.Value.TookOver)).WaitAsync(cancellationToken);
        await _services.Tier.ForgetEndedJobsAsync(_jobs.All.Select(job => job.Key).ToHashSet(), cancellationToken);
    }

    /// <summary>Starts a coordinator for every job that has not ended, and does not wait for them.</summary>
    /// <param name="cancellationToken">Ends the wait for the store.</param>
    public async Task SuperviseActiveAsync(CancellationToken cancellationToken)
    {
        foreach (JobKey job in await _services.Store.ListActiveAsync(cancellationToken))
        {
            Supervise(job);
        }
    }

    /// <summary>Ends every coordinator: waiting check-ins are rejected with UNAVAILABLE, rounds stay open and are resumed at the next start.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_jobs.All.Select(job => job.Value.Completion));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!Interlocked.Exchange(ref _disposed, true))
        {
            await StopAsync();
            _stopping.Dispose();
        }
    }

    /// <summary>Creates a job and starts it.</summary>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="definition">What is asked for.</param>
    /// <param name="modelBlobId">The initial model in the model store, SHA-256 in hexadecimal.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<CreateJobResult> CreateAsync(
        string tenantId, JobDefinition definition, string modelBlobId, CancellationToken cancellationToken)
    {
        (InitialModel? model, IReadOnlyList<JobDefinitionError> errors) = await new JobAdmission(_services).ExamineAsync(definition, modelBlobId, cancellationToken);
        if (model is null)
        {
            return new CreateJobResult(null, [.. errors]);
        }

        DateTimeOffset now = _services.Time.GetUtcNow();
        var key = new JobKey(tenantId, Guid.CreateVersion7(now).ToString("N"));
        var job = new JobRecord(key, definition, JobStatus.Running, null, now, WriterEpoch: 0, StateEpoch: 0, CurrentVersion: 0);
        var initial = new ModelVersionRecord(
            key, 0, model.BlobId, model.ByteLength, model.SchemaHash, null, 0, null, ModelVersionOrigin.Initial, now);
        if (!await _services.Store.CreateAsync(job, initial, cancellationToken))
        {
            throw new InvalidOperationException($"Job {key} exists already.");
        }

        Supervise(key);
        return new CreateJobResult(job, []);
    }

    /// <summary>Lets the open round finish and opens no other.</summary>
    /// <param name="job">The job.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<JobCommandOutcome> PauseAsync(JobKey job, CancellationToken cancellationToken) =>
        CommandAsync(job, done => new JobMessage.ChangeStatus(JobStatus.Paused, done), cancellationToken);

    /// <summary>Goes on with a paused job.</summary>
    /// <param name="job">The job.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<JobCommandOutcome> ResumeAsync(JobKey job, CancellationToken cancellationToken) =>
        CommandAsync(job, done => new JobMessage.ChangeStatus(JobStatus.Running, done), cancellationToken);

    /// <summary>Ends a job for good; its open round is abandoned.</summary>
    /// <param name="job">The job.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<JobCommandOutcome> StopJobAsync(JobKey job, CancellationToken cancellationToken) =>
        CommandAsync(job, done => new JobMessage.ChangeStatus(JobStatus.Stopped, done), cancellationToken);

    /// <summary>Makes the blobs of an earlier version current again, as a version with a number of its own; the open round is abandoned.</summary>
    /// <param name="job">The job.</param>
    /// <param name="version">The version to go back to.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<JobCommandOutcome> RollBackAsync(JobKey job, int version, CancellationToken cancellationToken) =>
        CommandAsync(job, done => new JobMessage.RollBack(version, done), cancellationToken);

    /// <summary>Where an active job stands; null when it is not active here or is being taken over.</summary>
    /// <param name="job">The job.</param>
    public JobProgress? Progress(JobKey job) => _jobs.Find(job)?.Progress;

    private async Task<JobCommandOutcome> CommandAsync(
        JobKey key, Func<TaskCompletionSource<JobCommandOutcome>, JobMessage> message, CancellationToken cancellationToken)
    {
        if (_jobs.Find(key) is not { } job)
        {
            return JobCommandOutcome.NotActive;
        }

        var done = new TaskCompletionSource<JobCommandOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        return job.Post(message(done)) ? await done.Task.WaitAsync(cancellationToken) : JobCommandOutcome.Unavailable;
    }

    private void Supervise(JobKey key)
    {
        var job = new SupervisedJob(key, _services, _loggers.CreateLogger("Federated.Coordination.Jobs.JobCoordinator"));
        if (_jobs.TryAdd(key, job))
        {
            job.Start(() => _jobs.Ended(key), _stopping.Token);
            LogSupervised(key);
        }
    }

    [LoggerMessage(3020, LogLevel.Debug, "Job {Job}: a coordinator starts")]
    private partial void LogSupervised(JobKey job);
}
