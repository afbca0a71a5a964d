using System.Reflection;
using System.Security.Cryptography;
using Federated.Aggregator.Hosting.State;
using Federated.Coordination.Hierarchy;
using Federated.Coordination.Jobs;
using Federated.Coordination.Persistence;
using Federated.Coordination.Tier;
using Federated.Protocol.Tickets;
using Federated.Protocol.Tier;
using Federated.Server.Tier;
using Federated.Storage.Blobs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Federated.FunctionalTests.Tier;

/// <summary>When the server reads the registry of nodes.</summary>
public sealed class RegistryReadingTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    // The job may wait for the very node: its announcement got lost, and only the registry tells of it.
    [Fact]
    public async Task Registry_JobIsBeingTakenOver_IsReadOnItsPeriodAllTheSame()
    {
        var options = new TierOptions();
        var time = new FakeTimeProvider();
        var registry = new NodeRegistry(new InProcessTierState());
        var nodes = new NodeDirectory(registry, Options.Create(new PlannerOptions()), time);
        var lifetime = new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await using ServiceProvider services = new ServiceCollection().AddLogging().AddCoordination()
            .AddSingleton(DispatchProxy.Create<IJobStore, StuckJobStore>())
            .AddSingleton(DispatchProxy.Create<IAggregationTier, StuckJobStore>())
            .AddSingleton(DispatchProxy.Create<IBlobStore, StuckJobStore>())
            .AddSingleton(new TicketSigner(key, "key"))
            .BuildServiceProvider();
        var joined = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        nodes.Changed += () => joined.TrySetResult();
        var service = new DistributedCoordinationService(
            services.GetRequiredService<JobDirectory>(), null!, nodes, Options.Create(options), time, lifetime, NullLogger<DistributedCoordinationService>.Instance);
        await service.StartAsync(TierWorld.Cancellation);
        await service.StartedAsync(TierWorld.Cancellation);
        await nodes.Loaded.WaitAsync(Patience, TierWorld.Cancellation);

        await registry.JoinAsync(new NodeJoined("a", "first", "", "", 8, 8, 1024), TierWorld.Cancellation);
        time.Advance(options.NodeLossAfter);
        await joined.Task.WaitAsync(Patience, TierWorld.Cancellation);

        Assert.NotNull(nodes.Find("a"));
        lifetime.StopApplication();
        await service.StoppingAsync(TierWorld.Cancellation);
    }
}
