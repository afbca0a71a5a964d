using Dapr;
using Federated.Coordination.Jobs;
using Microsoft.Extensions.Options;

namespace Federated.Server.Tier;

/// <summary>
/// Starts the coordinators of a server whose nodes are outside: they are there before the server listens, but open rounds only when it does,
/// because the nodes answer through the sidecar, which calls the server. While it runs, the registry of nodes is read on a period: what a node
/// announces before the sidecar has the server's subscription reaches nobody.
/// </summary>
internal sealed partial class DistributedCoordinationService(
    JobDirectory jobs, DistributedAggregationTier tier, NodeDirectory nodes, IOptions<TierOptions> options, TimeProvider time, IHostApplicationLifetime lifetime,
    ILogger<DistributedCoordinationService> logger) : IHostedLifecycleService
{
    private Task _following = Task.CompletedTask;

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        tier.Start();
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => jobs.SuperviseActiveAsync(cancellationToken);

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        _following = Task.WhenAll(FollowRegistryAsync(lifetime.ApplicationStopping), ForgetEndedAsync(lifetime.ApplicationStopping));
        return Task.CompletedTask;
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await jobs.StopAsync();
        await _following;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // It must not wait for the jobs: one that is being taken over may wait for a node that only the registry tells of.
    private async Task FollowRegistryAsync(CancellationToken stopping)
    {
        using var period = new PeriodicTimer(options.Value.NodeLossAfter, time);
        try
        {
            do
            {
                try
                {
                    await nodes.LoadAsync(stopping);
                }
                catch (DaprException exception)
                {
                    LogNoRegistry(exception);
                    await Task.Delay(options.Value.RepeatAfter, time, stopping);
                }
            }
            while (!nodes.Loaded.IsCompleted || await period.WaitForNextTickAsync(stopping));
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    private async Task ForgetEndedAsync(CancellationToken stopping)
    {
        try
        {
            await nodes.Loaded.WaitAsync(stopping);
            await jobs.ForgetEndedAsync(stopping);
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    [LoggerMessage(4201, LogLevel.Error, "The registry of nodes cannot be read from Dapr's state store; no round is opened before", EventName = "NoRegistry")]
    private partial void LogNoRegistry(Exception exception);
}
