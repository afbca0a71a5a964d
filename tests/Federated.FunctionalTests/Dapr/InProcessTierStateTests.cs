using Federated.Aggregator.Hosting.State;
using Federated.Protocol.Tier;

namespace Federated.FunctionalTests.Dapr;

/// <summary>The shared documents of a tier that is one process keep the same promises as those in Dapr's state store.</summary>
public sealed class InProcessTierStateTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Registry_OfManyNodesAtOnce_HoldsThemAll()
    {
        var registry = new NodeRegistry(new InProcessTierState());

        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => registry.JoinAsync(Node($"node-{i}"), Cancellation))));
        await registry.LeaveAsync("node-5", "first", Cancellation);
        await registry.LeaveAsync("node-6", "another process", Cancellation);

        Assert.Equal(
            ["node-0", "node-1", "node-2", "node-3", "node-4", "node-6", "node-7"],
            (await registry.ListAsync(Cancellation)).Select(node => node.NodeId));
    }

    [Fact]
    public async Task TryWrite_WithAnOldETag_ChangesNothing()
    {
        var state = new InProcessTierState();
        var first = new NodeList([Node("a")]);

        Assert.True(await state.TryWriteAsync("key", first, "", TierStateJson.Default.NodeList, Cancellation));
        Assert.False(await state.TryWriteAsync("key", new NodeList([]), "", TierStateJson.Default.NodeList, Cancellation));
        (NodeList? read, string eTag) = await state.ReadAsync("key", TierStateJson.Default.NodeList, Cancellation);
        Assert.True(await state.TryWriteAsync("key", new NodeList([Node("b")]), eTag, TierStateJson.Default.NodeList, Cancellation));
        Assert.False(await state.TryWriteAsync("key", new NodeList([]), eTag, TierStateJson.Default.NodeList, Cancellation));

        Assert.Equal("a", read!.Nodes[0].NodeId);
        await state.DeleteAsync("key", Cancellation);
        Assert.Null((await state.ReadAsync("key", TierStateJson.Default.NodeList, Cancellation)).Document);
    }

    private static NodeJoined Node(string id) => new(id, "first", "http://gateway", "http://transfer", 8, 8, 1024);
}
