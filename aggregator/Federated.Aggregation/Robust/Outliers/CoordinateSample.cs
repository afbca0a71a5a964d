using Federated.Numerics;

namespace Federated.Aggregation.Robust.Outliers;

/// <summary>
/// Randomly chosen coordinates of updates, for rules that look at a part of the parameters. Shards of the parameter range read their own
/// part; what is not theirs stays 0, so the samples of all shards add up to the whole.
/// </summary>
internal static class CoordinateSample
{
    /// <summary>Reads a sample of every update.</summary>
    /// <param name="updates">The shard's range of every update.</param>
    /// <param name="from">Where the range starts.</param>
    /// <param name="length">Parameters of the whole model.</param>
    /// <param name="size">Coordinates of the sample; fewer when there are fewer.</param>
    /// <param name="random">Decides which; the same stream in every shard.</param>
    public static float[][] Read(IReadOnlyList<ReadOnlyMemory<float>> updates, int from, int length, int size, CounterRandom random)
    {
        int[] coordinates = random.Choose(length, Math.Min(size, length));
        return
        [
            .. updates.Select(update =>
            {
                ReadOnlySpan<float> values = update.Span;
                float[] sample = new float[coordinates.Length];
                for (int i = 0; i < sample.Length; i++)
                {
                    int at = coordinates[i] - from;
                    sample[i] = at >= 0 && at < values.Length ? values[at] : 0;
                }

                return sample;
            }),
        ];
    }
}
