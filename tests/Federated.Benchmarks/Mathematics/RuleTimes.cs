using Federated.Aggregation.Robust.Catalog;
using Federated.Benchmarks.Framework;
using Federated.Numerics;

namespace Federated.Benchmarks.Mathematics;

/// <summary>The time of every rule of the catalogue, scores included, and how it grows with the number of updates p and their length n.</summary>
internal static class RuleTimes
{
    private const int Turns = 3;
    private const int Short = 300_000;
    private const int Long = 1_200_000;
    private static readonly int[] Counts = [15, 30, 60];

    public static void Measure(BenchmarkContext context)
    {
        ReadOnlyMemory<float>[] updates = [.. Enumerable.Range(0, Counts[^1]).Select(Update)];
        string[] texts = [.. RuleCatalog.Rules.Select(rule => rule.Name), .. RuleCatalog.Mixings.Select(mixing => $"{mixing.Name}+mean"), "nnm+trimmed-mean", "nnm+flag"];
        foreach (string text in texts)
        {
            double[] byCount = [.. Counts.Select(count => Time(text, updates, count, Short))];
            double grown = Time(text, updates, Counts[0], Long);
            for (int i = 0; i < Counts.Length; i++)
            {
                context.Tell($"robust.time.{text}.p{Counts[i]}.n{Short}", byCount[i] * 1e3, "ms");
            }

            context.Tell($"robust.time.{text}.p{Counts[0]}.n{Long}", grown * 1e3, "ms");
            context.Tell($"robust.growth.{text}.inP", Exponent(byCount[^1] / byCount[0], (double)Counts[^1] / Counts[0]), "exponent");
            context.Tell($"robust.growth.{text}.inN", Exponent(grown / byCount[0], (double)Long / Short), "exponent");
        }
    }

    private static double Time(string text, ReadOnlyMemory<float>[] updates, int count, int length)
    {
        // Bulyan allows a quarter of them; the searches over subsets stay the same search with two.
        int byzantine = text is "mda" or "smea" ? 2 : text == "bulyan" ? (count - 3) / 4 : count / 5;
        RobustRule rule = RuleCatalog.Create(text, byzantine);
        var input = new RobustInput { Updates = [.. updates[..count].Select(update => update[..length])] };
        float[] destination = new float[length];
        return Interleaved.Best(Turns, () => rule.Aggregate(input, destination))[0];
    }

    private static double Exponent(double ratio, double growth) => Math.Log(ratio) / Math.Log(growth);

    private static ReadOnlyMemory<float> Update(int k)
    {
        float[] update = new float[Long];
        new CounterRandom(1, RandomPurpose.Test, (uint)k).FillUniform(update, -1, 1.2f);
        return update;
    }
}
