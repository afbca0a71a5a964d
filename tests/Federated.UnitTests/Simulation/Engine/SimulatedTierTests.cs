using Federated.Protocol.Tier;
using Federated.Simulation.Engine;
using Federated.Simulation.Reports;

namespace Federated.UnitTests.Simulation.Engine;

public sealed class SimulatedTierTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void Run_FourNodes_GivesTheSameBytesForAnyWorkersAndTheModelOfOneNode()
    {
        ResultDocument[] results = [.. Enumerable.Range(1, 3).Select(workers => Run(nodes: 4, workers))];
        ResultDocument flat = Run(nodes: 1, workers: 2);

        Assert.Single(results.Select(result => result.Final.ModelSha256).Distinct());
        Assert.Null(flat.Tree);
        Assert.Equal(flat.Final.Loss!.Value, results[0].Final.Loss!.Value, 1e-4);
    }

    [Fact]
    public void Run_FourNodes_ReportsTheTreeAndWhatItDid()
    {
        TreeSummary tree = Run(nodes: 4, workers: 1).Tree!;

        Assert.Equal(4, tree.Nodes.Count);
        Assert.Equal(12, tree.Nodes.Sum(node => node.Clients));
        Assert.Single(tree.Nodes, node => node.Role == TreeRole.Top && node.Parent is null);
        Assert.Equal(3, tree.Figures.Rounds);
        Assert.True(tree.Figures is { LeafSeconds: > 0, TopSeconds: > 0, BytesInside: > 0, BytesBetween: > 0 });
    }

    private static ResultDocument Run(int nodes, int workers) =>
        ResultDocuments.Create(Requests.Run(Request(nodes, workers), cancellationToken: Cancellation), 0);

    private static SimulationRequest Request(int nodes, int workers)
    {
        SimulationRequest request = Requests.Digits(workers: workers);
        return request with { Nodes = nodes, DropOut = 0.1, Job = request.Job with { Round = request.Job.Round with { CohortSize = 12 } } };
    }
}
