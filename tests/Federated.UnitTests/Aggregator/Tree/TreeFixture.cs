using Federated.Aggregator;
using Federated.Aggregator.Ingest;
using Federated.Numerics;
using Federated.Protocol.Rounds;
using Federated.Protocol.Tier;

namespace Federated.UnitTests.Aggregator.Tree;

/// <summary>Nodes of one process in trees of any shape.</summary>
public abstract class TreeFixture : NodeFixture
{
    /// <summary>The nodes by id.</summary>
    private protected Dictionary<string, AggregatorNode> Nodes { get; } = new(StringComparer.Ordinal);

    private protected async Task StartAsync(TierUnderTest tier, int count)
    {
        for (int i = 0; i < count; i++)
        {
            AggregatorNode node = await StartAsync($"n{i}");
            Nodes.Add(node.NodeId, node);
            await tier.AddAsync(node, Time, Cancellation);
        }
    }

    private protected static TreeNode Node(int index, int? parent) =>
        new($"n{index}", parent is null ? TreeRole.Top : TreeRole.Middle, parent is null ? null : $"n{parent}", 4, 2);

    /// <summary>A tree of any depth: each node but the first hangs below one that comes before it.</summary>
    private protected static TreePlan AnyTree(CounterRandom random, int count)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        random.Shuffle<int>(order);
        List<TreeNode> nodes = [Node(order[0], null)];
        for (int i = 1; i < count; i++)
        {
            nodes.Add(Node(order[i], order[random.NextInt(i)]) with { Leaves = 1 + random.NextInt(3) });
        }

        return new TreePlan(1, [.. nodes.OrderBy(node => node.NodeId, StringComparer.Ordinal)], UpdatesPerLeaf: 1 + random.NextInt(3));
    }

    private protected async Task UploadAsync(AggregatorNode node, RoundPlan plan, int client)
    {
        UploadResult result;
        do
        {
            await Task.Yield();
            result = await UploadAsync(node, plan, $"a{client}", Payload(client), weight: client + 1);
        }
        while (result.Outcome == UploadOutcome.PoolFull);
        Assert.Equal(UploadOutcome.Stored, result.Outcome);
    }
}
