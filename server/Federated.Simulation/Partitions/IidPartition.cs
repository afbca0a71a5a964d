using Federated.Numerics;
using Federated.Simulation.Data;

namespace Federated.Simulation.Partitions;

/// <summary>A random order, cut into parts whose sizes differ by one at most.</summary>
internal static class IidPartition
{
    public static int[][] Deal(Dataset dataset, int clients, ulong seed)
    {
        int[] order = [.. dataset.Train];
        new CounterRandom(seed, RandomPurpose.Partition).Shuffle(order.AsSpan());
        return EqualParts.Of(order, clients);
    }
}
