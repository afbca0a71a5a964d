using Federated.Aggregator.Tree;
using Microsoft.Extensions.Hosting;

namespace Federated.Aggregator.Hosting.Tier;

/// <summary>The node joins the tier when the host listens, and leaves before it stops listening.</summary>
internal sealed class TreeMemberService(TreeMember member) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => member.StartAsync(cancellationToken);

    public Task StoppingAsync(CancellationToken cancellationToken) => member.StopAsync("The node's process ends.", cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
