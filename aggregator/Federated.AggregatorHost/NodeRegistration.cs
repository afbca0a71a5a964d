using Dapr;
using Federated.Aggregator.Hosting.State;
using Federated.Aggregator.Tree;

namespace Federated.AggregatorHost;

/// <summary>Writes the node into the tier's registry, and out of it when it stops in order.</summary>
internal sealed partial class NodeRegistration(TreeMember member, NodeRegistry registry, ILogger<NodeRegistration> logger) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => registry.JoinAsync(member.Introduction, cancellationToken);

    /// <summary>A node ends though the sidecar is gone: the server misses its signs of life, and its next process takes the entry over.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        try
        {
            await registry.LeaveAsync(member.Introduction.NodeId, member.Incarnation, cancellationToken);
        }
        catch (Exception exception) when (exception is OperationCanceledException or DaprException)
        {
            LogStillListed(exception.Message);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(1821, LogLevel.Warning, "The registry still lists this node: {Reason}", EventName = "NodeStillListed")]
    private partial void LogStillListed(string reason);
}
