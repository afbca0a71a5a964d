using System.Globalization;
using Federated.Simulation.Data;

namespace Federated.Simulation.Partitions;

/// <summary>Deals the training examples of a data set to clients. The same seed deals the same way.</summary>
public static class Partitioner
{
    /// <summary>What there is.</summary>
    public static IReadOnlyList<PartitionDescription> All { get; } =
    [
        new("iid", "random order, equal parts"),
        new("dirichlet:ALPHA", "each class is spread over the clients by Dir(ALPHA); small ALPHA (0.1) gives few classes and uneven sizes, large ALPHA (100) nears iid"),
        new("shards:LABELS_PER_CLIENT", "each client holds that many labels; the examples of a label are split equally among its clients"),
        new("column:NAME", "one client for each value of a CSV column, which is then no feature"),
        new("speaker", "one client for each speaker of a text with paragraphs 'NAME:'"),
        new("site", "one client for each file of a folder of CSVs"),
    ];

    /// <summary>Deals the training part.</summary>
    /// <param name="dataset">The data.</param>
    /// <param name="spec">How.</param>
    /// <param name="clients">Number of clients; null for 100, or all of a natural division (a number takes its largest groups).</param>
    /// <param name="minimumExamples">Natural groups with fewer training examples are left out.</param>
    /// <param name="seed">Decides the draws.</param>
    /// <exception cref="SimulationException">The data cannot be dealt so.</exception>
    public static IReadOnlyList<VirtualClient> Deal(Dataset dataset, PartitionSpec spec, int? clients, int minimumExamples, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentNullException.ThrowIfNull(spec);
        if (spec.IsNatural)
        {
            return NaturalPartition.Deal(dataset, spec, clients, minimumExamples);
        }

        int count = clients ?? 100;
        if (count > dataset.Train.Length)
        {
            throw new SimulationException($"{count} clients are more than the {dataset.Train.Length} training examples of {dataset.Name}; give fewer --clients.");
        }

        if (spec.Kind != PartitionKind.Iid && dataset.Examples.LabelLength != 1)
        {
            throw new SimulationException($"partition '{spec}' deals by class, and the text {dataset.Name} has none; use iid or speaker.");
        }

        int[][] rows = spec.Kind switch
        {
            PartitionKind.Dirichlet => DirichletPartition.Deal(dataset, count, spec.Alpha, seed),
            PartitionKind.Shards => ShardPartition.Deal(dataset, count, spec.LabelsPerClient, seed),
            _ => IidPartition.Deal(dataset, count, seed),
        };
        int digits = (count - 1).ToString(CultureInfo.InvariantCulture).Length;
        return [.. rows.Select((part, i) =>
        {
            Array.Sort(part);
            return new VirtualClient($"client-{i.ToString(CultureInfo.InvariantCulture).PadLeft(digits, '0')}", part);
        })];
    }
}
