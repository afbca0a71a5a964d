using Dapr;
using Federated.Coordination.Jobs;

namespace Federated.Server.Tier;

/// <summary>
/// Starts the coordinators of a server whose nodes are outside: they are there before the server listens, but open rounds only when it does,
/// because the nodes answer through the sidecar, which calls the server.
/// </summary>
internal sealed partial class DistributedCoordinationService(
    JobDirectory jobs, DistributedAggregationTier tier, NodeDirectory nodes, IHostApplicationLifetime lifetime,
    ILogger<DistributedCoordinationService> logger) : IHostedLifecycleService
{
    private Task _loading = Task.CompletedTask;

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        tier.Start();
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => jobs.SuperviseActiveAsync(cancellationToken);

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        _loading = LoadAsync(lifetime.ApplicationStopping);
        return Task.CompletedTask;
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await jobs.StopAsync();
        await _loading;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task LoadAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await nodes.LoadAsync(stopping);
                await jobs.ForgetEndedAsync(stopping);
                return;
            }
            catch (DaprException exception)
            {
                LogNoRegistry(exception);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    [LoggerMessage(4201, LogLevel.Error, "The registry of nodes cannot be read from Dapr's state store; no round is opened before", EventName = "NoRegistry")]
    private partial void LogNoRegistry(Exception exception);
}
