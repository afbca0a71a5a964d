using Federated.Client.Training;
using Federated.Simulation;
using Federated.Simulation.Data;
using Federated.Simulation.Models;
using Federated.Simulation.Partitions;

namespace Federated.UnitTests.Simulation.Partitions;

public sealed class PartitionerTests
{
    [Theory]
    [InlineData("iid")]
    [InlineData("dirichlet:0.3")]
    [InlineData("dirichlet:0.001")]
    [InlineData("dirichlet:100")]
    [InlineData("shards:2")]
    [InlineData("shards:10")]
    public void Deal_AnyPartition_GivesEveryTrainingRowOnceAndNobodyNothing(string spec)
    {
        Dataset data = Synthetic(1000, 10);

        IReadOnlyList<VirtualClient> clients = Partitioner.Deal(data, PartitionSpec.Parse(spec), 50, 1, seed: 3);

        Assert.Equal(50, clients.Count);
        Assert.Equal(data.Train, clients.SelectMany(client => client.Rows).Order());
        Assert.All(clients, client => Assert.NotEmpty(client.Rows));
    }

    [Theory]
    [InlineData("iid")]
    [InlineData("dirichlet:0.3")]
    [InlineData("shards:2")]
    public void Deal_SameSeed_GivesTheSameParts(string spec)
    {
        Dataset data = Synthetic(600, 10);
        PartitionSpec partition = PartitionSpec.Parse(spec);

        IReadOnlyList<VirtualClient> first = Partitioner.Deal(data, partition, 20, 1, seed: 3);
        IReadOnlyList<VirtualClient> second = Partitioner.Deal(data, partition, 20, 1, seed: 3);
        IReadOnlyList<VirtualClient> other = Partitioner.Deal(data, partition, 20, 1, seed: 4);

        Assert.Equal(first.Select(client => client.Rows), second.Select(client => client.Rows));
        Assert.NotEqual(first.Select(client => client.Rows), other.Select(client => client.Rows));
    }

    [Fact]
    public void Deal_Shards_GivesEachClientItsNumberOfLabels()
    {
        Dataset data = Synthetic(1000, 10);
        int[] labels = data.Examples.Labels.ToArray();

        IReadOnlyList<VirtualClient> clients = Partitioner.Deal(data, PartitionSpec.Parse("shards:2"), 50, 1, seed: 1);

        Assert.All(clients, client => Assert.Equal(2, client.Rows.Select(row => labels[row]).Distinct().Count()));
        Assert.All(clients, client => Assert.Equal(20, client.Rows.Length));
    }

    [Fact]
    public void Deal_SmallerAlpha_IsMoreUneven()
    {
        Dataset data = Synthetic(2000, 10);

        double narrow = MeanLabels(data, "dirichlet:0.1");
        double wide = MeanLabels(data, "dirichlet:100");

        Assert.True(narrow < 5, $"{narrow} labels a client");
        Assert.True(wide > 9, $"{wide} labels a client");
    }

    [Fact]
    public void Deal_Site_TakesTheGroups()
    {
        Dataset data = Synthetic(9, 3, new ExampleGroups("site", ["a", "b", "c"], [0, 1, 1, 1, 0, 1, 1, 1, 2]));

        IReadOnlyList<VirtualClient> all = Partitioner.Deal(data, PartitionSpec.Parse("site"), null, 1, seed: 1);
        IReadOnlyList<VirtualClient> largest = Partitioner.Deal(data, PartitionSpec.Parse("site"), 1, 1, seed: 1);
        IReadOnlyList<VirtualClient> big = Partitioner.Deal(data, PartitionSpec.Parse("site"), null, 2, seed: 1);

        Assert.Equal(["a", "b", "c"], all.Select(client => client.Name));
        Assert.Equal("b", Assert.Single(largest).Name);
        Assert.Equal(["a", "b"], big.Select(client => client.Name));
    }

    [Theory]
    [InlineData("iid", 2000, "2000 clients are more than the 100 training examples")]
    [InlineData("shards:11", 10, "fewer than 11")]
    [InlineData("shards:1", 5, "cannot hold all 10 classes")]
    [InlineData("speaker", null, "names no speakers")]
    [InlineData("site", null, "no folder of CSV files")]
    [InlineData("column:x", null, "only CSV files have")]
    public void Deal_Impossible_SaysWhy(string spec, int? clients, string expected)
    {
        Dataset data = Synthetic(100, 10);

        Assert.Contains(expected, Assert.Throws<SimulationException>(() =>
            Partitioner.Deal(data, PartitionSpec.Parse(spec), clients, 1, seed: 1)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("dirichlet")]
    [InlineData("dirichlet:0")]
    [InlineData("dirichlet:x")]
    [InlineData("shards:0")]
    [InlineData("column:")]
    [InlineData("iid:3")]
    [InlineData("random")]
    public void Parse_Unknown_Throws(string text) =>
        Assert.Contains($"'{text}'", Assert.Throws<SimulationException>(() => PartitionSpec.Parse(text)).Message, StringComparison.Ordinal);

    private static double MeanLabels(Dataset data, string spec)
    {
        int[] labels = data.Examples.Labels.ToArray();
        return Partitioner.Deal(data, PartitionSpec.Parse(spec), 20, 1, seed: 2)
            .Average(client => client.Rows.Select(row => labels[row]).Distinct().Count());
    }

    private static Dataset Synthetic(int count, int classes, ExampleGroups? groups = null) => new()
    {
        Name = "synthetic",
        Format = DatasetFormat.Csv,
        Shape = ModelShape.Flat(1),
        Examples = new ExampleSet(new float[count], 1, Enumerable.Range(0, count).Select(i => i % classes).ToArray()),
        ClassNames = [.. Enumerable.Range(0, classes).Select(i => $"{i}")],
        Groups = groups,
        Train = [.. Enumerable.Range(0, count)],
        Test = [],
    };
}
