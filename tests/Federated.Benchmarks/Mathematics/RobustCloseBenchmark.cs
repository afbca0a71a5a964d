using Federated.Aggregation.Robust.Catalog;
using Federated.Aggregation.Robust.Gram;
using Federated.Benchmarks.Framework;
using Federated.Numerics;

namespace Federated.Benchmarks.Mathematics;

/// <summary>What is left of a Gram rule when a round closes and the inner products have grown while its updates arrived.</summary>
internal sealed class RobustCloseBenchmark : IBenchmark
{
    public string Name => "robust-close";

    public string Summary => "Closing a round under a Gram rule whose inner products grew while updates arrived, as a share of closing it without";

    public Task RunAsync(BenchmarkContext context)
    {
        Measure(context, 15, 4_000_000);
        Measure(context, 60, 1_000_000);
        MeasureSparse(context);
        return Task.CompletedTask;
    }

    private static void Measure(BenchmarkContext context, int count, int length)
    {
        ReadOnlyMemory<float>[] updates = [.. Enumerable.Range(0, count).Select(k => Update(k, length))];
        var input = new RobustInput { Updates = updates };
        float[] destination = new float[length];
        var grown = new GrowingGram();
        Array.ForEach(updates, grown.Add);
        foreach (string text in new[] { "flag", "nnm+geometric-median" })
        {
            RobustRule rule = RuleCatalog.Create(text, count / 5);
            double[] best = Interleaved.Best(
                Interleaved.DefaultTurns,
                () => rule.Aggregate(input, destination),
                () => rule.Aggregate(input, destination, grown.Matrix()),
                () => Grow(updates));
            string name = $"robust.close.{text}.p{count}";
            context.Tell($"{name}.batch", best[0] * 1e3, "ms");
            context.Tell($"{name}.grown", best[1] * 1e3, "ms");
            context.Tell($"{name}.eachArrival", best[2] * 1e3 / count, "ms");
            context.AtMost($"{name}.shareOfBatch", best[1] / best[0], 0.6);
        }
    }

    /// <summary>Inner products of updates of which 1 % is not zero, against those of the same updates written out.</summary>
    private static void MeasureSparse(BenchmarkContext context)
    {
        const int Count = 15, Length = 4_000_000;
        float[][] dense = [.. Enumerable.Range(0, Count).Select(_ => new float[Length])];
        int[][] indices = new int[Count][];
        float[][] values = new float[Count][];
        for (int k = 0; k < Count; k++)
        {
            indices[k] = [.. Enumerable.Range(0, Length / 100).Select(i => (i * 100) + ((i * (k + 7)) % 100))];
            values[k] = [.. indices[k].Select(i => (i % 251) - 125f)];
            for (int i = 0; i < indices[k].Length; i++)
            {
                dense[k][indices[k][i]] = values[k][i];
            }
        }

        ReadOnlyMemory<float>[] updates = [.. dense.Select(update => (ReadOnlyMemory<float>)update)];
        double[] best = Interleaved.Best(
            Interleaved.DefaultTurns,
            () => GramMatrix.Compute(updates),
            () =>
            {
                var gram = new SparseGram(Length);
                for (int k = 0; k < Count; k++)
                {
                    gram.Add(indices[k], values[k]);
                }

                gram.Matrix();
            });
        context.Tell("robust.sparseGram15.milliseconds", best[1] * 1e3, "ms");
        context.AtLeast("robust.sparseGram15.denseOverSparse", best[0] / best[1], 1);
    }

    private static void Grow(ReadOnlyMemory<float>[] updates)
    {
        var gram = new GrowingGram();
        foreach (ReadOnlyMemory<float> update in updates)
        {
            gram.Add(update);
            gram.Grow();
        }
    }

    private static ReadOnlyMemory<float> Update(int k, int length)
    {
        float[] update = new float[length];
        new CounterRandom(1, RandomPurpose.Test, (uint)k).FillUniform(update, -1, 1.2f);
        return update;
    }
}
