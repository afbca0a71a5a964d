using Federated.Coordination.Jobs;

namespace Federated.Server.Rounds;

/// <summary>
/// Starts the coordinators before the server listens. They end before it stops listening, so that waiting check-ins are
/// answered UNAVAILABLE and do not hold the shutdown up.
/// </summary>
internal sealed class CoordinationService(JobDirectory jobs) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        return jobs.StartAsync(cancellationToken);
    }

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        return Task.CompletedTask;
    }

    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        return jobs.StopAsync();
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        return Task.CompletedTask;
    }

    public Task StoppedAsync(CancellationToken cancellationToken)
    {
        return Task.CompletedTask;
    }
}
