using Microsoft.Extensions.Hosting;

namespace Federated.Aggregator.Hosting;

/// <summary>
/// Starts the node before the host listens and stops it after. The server stops first: uploads that run end or are cut by the host's
/// shutdown time-out before the node closes its pool.
/// </summary>
internal sealed class AggregatorNodeService(AggregatorNode node) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) => node.StartAsync(cancellationToken);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => node.StopAsync(cancellationToken);
}
