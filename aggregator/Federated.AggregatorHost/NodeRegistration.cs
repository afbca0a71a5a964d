using Federated.Aggregator.Hosting.State;
using Federated.Aggregator.Tree;

namespace Federated.AggregatorHost;

/// <summary>Writes the node into the tier's registry, and out of it when it stops in order.</summary>
internal sealed class NodeRegistration(TreeMember member, NodeRegistry registry) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => registry.JoinAsync(member.Introduction, cancellationToken);

    public Task StoppingAsync(CancellationToken cancellationToken) =>
        registry.LeaveAsync(member.Introduction.NodeId, member.Incarnation, cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
