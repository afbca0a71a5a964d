using Federated.Simulation.Data;

namespace Federated.Simulation.Partitions;

/// <summary>The data's own division: a client for each hospital, speaker or value of a column.</summary>
internal static class NaturalPartition
{
    public static IReadOnlyList<VirtualClient> Deal(Dataset dataset, PartitionSpec spec, int? clients, int minimumExamples)
    {
        if (dataset.Groups is not { } groups || (spec.Kind != PartitionKind.Column && groups.Kind != spec.ToString()))
        {
            throw new SimulationException(spec.Kind switch
            {
                PartitionKind.Speaker => $"partition 'speaker': {dataset.Name} names no speakers; expected a text whose paragraphs begin with a line 'NAME:'.",
                PartitionKind.Site => $"partition 'site': {dataset.Name} is no folder of CSV files, one for each site.",
                _ => $"partition '{spec}': {dataset.Name} has no columns; only CSV files have.",
            });
        }

        List<int>[] rows = [.. groups.Names.Select(_ => new List<int>())];
        foreach (int row in dataset.Train)
        {
            rows[groups.Codes[row]].Add(row);
        }

        int least = Math.Max(1, minimumExamples);
        int[] kept = [.. Enumerable.Range(0, rows.Length).Where(group => rows[group].Count >= least)];
        if (kept.Length == 0)
        {
            throw new SimulationException($"partition '{spec}': none of the {rows.Length} groups has {least} training examples; lower --min-examples.");
        }

        if (clients > kept.Length)
        {
            throw new SimulationException(
                $"partition '{spec}': {clients} clients are more than the {kept.Length} groups of {dataset.Name} with at least {least} training examples.");
        }

        if (clients is { } wanted)
        {
            kept = [.. kept.OrderByDescending(group => rows[group].Count).ThenBy(group => group).Take(wanted).Order()];
        }

        return [.. kept.Select(group => new VirtualClient(groups.Names[group], [.. rows[group]]))];
    }
}
