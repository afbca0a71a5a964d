using Federated.Aggregation.Robust.Gram;
using Federated.Numerics;

namespace Federated.Aggregation.Robust.Mixing;

/// <summary>
/// Bucketing (Karimireddy, He and Jaggi, ICLR 2022): means of buckets of s updates in random order; the last bucket may be short.
/// </summary>
/// <param name="size">s, at least 1.</param>
/// <param name="random">Decides the order; devices must not be able to foresee it.</param>
public sealed class BucketMixing(int size, CounterRandom random) : IMixing
{
    public string Name => "bucketing";

    public double[][] Mix(GramMatrix gram, IReadOnlyList<int> dropped)
    {
        ArgumentNullException.ThrowIfNull(gram);
        RobustCondition.Majority(Name, gram.Count, 0);
        RobustCondition.Positive(Name, "bucket size", size);
        int[] order = [.. Enumerable.Range(0, gram.Count)];
        random.Shuffle<int>(order);
        return [.. order.Chunk(size).Select(bucket => Selection.Mean(bucket, gram.Count))];
    }
}
