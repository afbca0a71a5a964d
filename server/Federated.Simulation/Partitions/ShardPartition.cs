using Federated.Numerics;
using Federated.Simulation.Data;

namespace Federated.Simulation.Partitions;

/// <summary>
/// Deals permutations of the labels so that each client holds a fixed number of distinct ones and every label has about as many holders; then splits the examples
/// of each label equally among its holders.
/// </summary>
internal static class ShardPartition
{
    public static int[][] Deal(Dataset dataset, int clients, int labelsPerClient, ulong seed)
    {
        int[][] classes = RowsByClass.Of(dataset);
        int[] present = [.. Enumerable.Range(0, classes.Length).Where(label => classes[label].Length > 0)];
        if (labelsPerClient > present.Length)
        {
            throw new SimulationException($"partition 'shards:{labelsPerClient}': {dataset.Name} has {present.Length} classes, fewer than {labelsPerClient} for each client.");
        }

        if ((long)clients * labelsPerClient < present.Length)
        {
            throw new SimulationException(
                $"partition 'shards:{labelsPerClient}': {clients} clients with {labelsPerClient} labels each cannot hold all {present.Length} classes; give more --clients or more labels.");
        }

        var random = new CounterRandom(seed, RandomPurpose.Partition);
        List<int>[] holders = Holders(clients, labelsPerClient, present, classes.Length, random);
        List<int>[] parts = [.. Enumerable.Range(0, clients).Select(_ => new List<int>())];
        foreach (int label in present)
        {
            if (classes[label].Length < holders[label].Count)
            {
                throw new SimulationException(
                    $"partition 'shards:{labelsPerClient}': class '{dataset.ClassNames[label]}' has {classes[label].Length} training examples for {holders[label].Count} clients; give fewer --clients.");
            }

            int[] order = [.. classes[label]];
            random.Shuffle(order.AsSpan());
            int[][] cuts = EqualParts.Of(order, holders[label].Count);
            for (int i = 0; i < cuts.Length; i++)
            {
                parts[holders[label][i]].AddRange(cuts[i]);
            }
        }

        return [.. parts.Select(part => part.ToArray())];
    }

    private static List<int>[] Holders(int clients, int labelsPerClient, int[] present, int classes, CounterRandom random)
    {
        List<int>[] holders = [.. Enumerable.Range(0, classes).Select(_ => new List<int>())];
        List<int> deck = [];
        for (int client = 0; client < clients; client++)
        {
            HashSet<int> own = [];
            while (own.Count < labelsPerClient)
            {
                // The next card that the client does not hold; a fresh permutation goes under the deck when there is none.
                int at = deck.FindIndex(label => !own.Contains(label));
                if (at < 0)
                {
                    int[] permutation = [.. present];
                    random.Shuffle(permutation.AsSpan());
                    deck.AddRange(permutation);
                    continue;
                }

                own.Add(deck[at]);
                holders[deck[at]].Add(client);
                deck.RemoveAt(at);
            }
        }

        return holders;
    }
}
