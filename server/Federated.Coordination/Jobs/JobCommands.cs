using Federated.Coordination.Persistence;
using Federated.Coordination.Rounds;
using Microsoft.Extensions.Logging;

namespace Federated.Coordination.Jobs;

/// <summary>What administrators ask of a job: pause, resume, stop, roll back.</summary>
internal sealed class JobCommands
{
    private readonly CoordinatedJob _job;
    private readonly RoundClosing _closing;
    private readonly ILogger _logger;

    public JobCommands(CoordinatedJob job, RoundClosing closing, ILogger logger)
    {
        _job = job;
        _closing = closing;
        _logger = logger;
    }

    public async Task ChangeStatusAsync(JobStatus status, CancellationToken stop)
    {
        if (status == JobStatus.Stopped)
        {
            await DropRoundAsync("The job was stopped.", JobStatus.Stopped, stop);
        }

        if (status == JobStatus.Paused && _job.Machine.Phase == RoundPhase.Selection)
        {
            // Nobody has been given a task yet. A round that is open is let finish.
            _job.Machine.Finish();
        }

        // A buffer that is open gives out no tasks while the job is paused.
        _job.Machine.IsDraining = status == JobStatus.Paused;
        if (_job.Record.Status != status)
        {
            await _job.SetStatusAsync(status, null, stop);
        }

        if (status == JobStatus.Running)
        {
            _job.History = _job.History.Resumed();
            await _job.BeginNextAsync(stop);
            _job.Machine.Tick(_job.Now);
        }
    }

    public async Task<JobCommandOutcome> RollBackAsync(int version, CancellationToken stop)
    {
        if (await _job.Services.Store.FindVersionAsync(_job.Key, version, stop) is not { } wanted)
        {
            return JobCommandOutcome.UnknownVersion;
        }

        await DropRoundAsync($"The job was rolled back to version {version}.", _job.Record.Status, stop);
        ModelVersionRecord record = await new StateHistory(_job).ReviveAsync(wanted, stop) with
        {
            Version = _job.History.LastNumber + 1,
            Parent = wanted.Version,
            Origin = ModelVersionOrigin.RollBack,
            CreatedAt = _job.Now,
        };
        int stateEpoch = _job.Record.StateEpoch + 1;
        FencedException.ThrowIf(await _job.Services.Store.RollBackAsync(_job.Lease, record, stateEpoch, stop));
        _job.Record = _job.Record with { StateEpoch = stateEpoch, CurrentVersion = record.Version };
        _job.Machine.ForgetAside();
        _job.RefreshWanted();
        await _job.LoadModelAsync(record, stop);
        _job.History = JobHistory.Of(record, [], failedStatistics: 0);
        _logger.RolledBack(_job.Key, version, record.Version);
        await _job.BeginNextAsync(stop);
        return JobCommandOutcome.Done;
    }

    private async Task DropRoundAsync(string reason, JobStatus status, CancellationToken stop)
    {
        if (_job.Machine.Phase == RoundPhase.Selection)
        {
            _job.Machine.Finish();
        }
        else if (_job.Machine.Phase != RoundPhase.Idle)
        {
            await _closing.AbandonAsync(reason, status, null, stop);
        }
    }
}
