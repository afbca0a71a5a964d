using Federated.Coordination.Persistence;
using Federated.Coordination.Rounds;
using Microsoft.Extensions.Logging;

namespace Federated.Coordination.Jobs;

/// <summary>
/// Keeps a job coordinated: runs a coordinator, and another one after a delay when it fails. A coordinator that failed is never
/// used again; its successor reads everything from the store.
/// </summary>
internal sealed partial class SupervisedJob
{
    private readonly JobKey _key;
    private readonly CoordinatorServices _services;
    private readonly ILogger _logger;
    private volatile JobCoordinator _coordinator;

    public SupervisedJob(JobKey key, CoordinatorServices services, ILogger logger)
    {
        _key = key;
        _services = services;
        _logger = logger;
        _coordinator = new JobCoordinator(key, services, logger);
    }

    /// <summary>Done when the job has ended, is fenced, or the server stops.</summary>
    public Task Completion { get; private set; } = Task.CompletedTask;

    public JobProgress? Progress => _coordinator.Progress;

    /// <summary>Done when the first coordinator has taken the job over, or has failed to.</summary>
    public Task TookOver => _coordinator.TookOver;

    /// <summary>How much the job needs a device, for a comparison between jobs.</summary>
    public int Needs => Progress switch
    {
        null => 0,
        { Status: not JobStatus.Running } => int.MinValue,
        { Shortage: > 0 } progress => progress.Shortage,
        { } progress => -progress.Waiting,
    };

    /// <summary>Whether a device can train for the job, as far as is known.</summary>
    public bool Fits(DeviceTasks tasks) => Progress is not { NeedsFrames: true } || tasks.HasFlag(DeviceTasks.Frames);

    public bool Post(JobMessage message) => _coordinator.Post(message);

    public void Start(Action ended, CancellationToken stop) =>
        Completion = Task.Run(() => SuperviseAsync(ended, stop), CancellationToken.None);

    private async Task SuperviseAsync(Action ended, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await _coordinator.RunAsync(stop);
                ended();
                return;
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                // Whatever it was, the store knows the truth: start again from there.
                LogCoordinatorFailed(exception, _key, _services.Options.RestartDelay);
            }

            try
            {
                await Task.Delay(_services.Options.RestartDelay, _services.Time, stop);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            _coordinator = new JobCoordinator(_key, _services, _logger);
        }
    }

    [LoggerMessage(3021, LogLevel.Error, "Job {Job}: the coordinator failed and starts again in {Delay}")]
    private partial void LogCoordinatorFailed(Exception exception, JobKey job, TimeSpan delay);
}
