using System.Numerics.Tensors;
using Federated.Aggregation.Linear;
using Federated.Aggregation.Robust.Catalog;
using Federated.Aggregation.Robust.Hierarchy;
using Federated.Benchmarks.Framework;
using Federated.Numerics;

namespace Federated.Benchmarks.Mathematics;

/// <summary>
/// What sketches across nodes cost and how far they move coefficients and aggregate: 15 updates of 1 M float32 on three nodes, 3 of them turned and ten times
/// as long. Once the honest ones differ by independent noise twice as long as the signal, so that no subspace is better than another; once mostly along
/// eight common directions of falling strength, as clients of unlike data do.
/// </summary>
internal sealed class SketchBenchmark : IBenchmark
{
    private const int Length = 1_000_000;
    private const int Count = 15;
    private const int Byzantine = 3;
    private const int Nodes = 3;

    public string Name => "sketch";

    public string Summary => "inner products across nodes from sketches: errors of coefficients and aggregate for error targets, and time per update";

    public Task RunAsync(BenchmarkContext context)
    {
        foreach (bool isStructured in new[] { false, true })
        {
            Measure(context, isStructured ? "structured" : "isotropic", Updates(isStructured));
        }

        float[] update = Updates(isStructured: false)[0].ToArray();
        foreach (double error in new[] { 0.03, 0.01 })
        {
            var sketch = new CountSketch(7, 1, CountSketch.WidthFor(error));
            double[] best = Interleaved.Best(3, () => sketch.Of(update));
            context.Tell($"sketch.target{error}.bytesPerUpdate", 4.0 * sketch.Width, "bytes");
            context.Tell($"sketch.target{error}.rate", 4e-9 * Length / best[0], "GB/s");
        }

        return Task.CompletedTask;
    }

    private static void Measure(BenchmarkContext context, string data, ReadOnlyMemory<float>[] updates)
    {
        var round = new RobustInput { Updates = updates };
        foreach (string text in new[] { "flag", "nnm+flag", "multi-krum", "nnm+geometric-median", "caf" })
        {
            RobustRule rule = RuleCatalog.Create(text, Byzantine);
            double[] exact = [.. rule.Judge(rule.Measure(round, 0, Length), round).Coefficients!];
            foreach (double error in new[] { 0.1, 0.03, 0.01, 0.003 })
            {
                double[][] found = [.. Enumerable.Range(0, 3).Select(draw => Sketched(rule, round, new CountSketch(7, (uint)draw, CountSketch.WidthFor(error))))];
                string name = $"sketch.{data}.{text}.target{error}";
                context.Tell($"{name}.coefficientError", found.Average(one => TensorPrimitives.Distance<double>(exact, one)) / TensorPrimitives.Norm<double>(exact), "ratio");
                context.Tell($"{name}.aggregateError", found.Average(one => Apart(updates, exact, one)), "ratio");
            }
        }
    }

    private static double[] Sketched(RobustRule rule, RobustInput round, CountSketch sketch)
    {
        NodeStatistics[] nodes =
        [
            .. round.Updates.Chunk(Count / Nodes).Select(own => NodeStatistics.Measure(rule, round with { Updates = own }, Length, sketch)),
        ];
        return [.. rule.Judge(NodeStatistics.Join(nodes), round).Coefficients!];
    }

    private static double Apart(ReadOnlyMemory<float>[] updates, double[] exact, double[] found)
    {
        float[] aggregate = new float[Length], difference = new float[Length];
        WeightedSum.Compute(updates, exact, aggregate);
        WeightedSum.Compute(updates, [.. exact.Zip(found, (a, b) => a - b)], difference);
        return TensorPrimitives.Norm<float>(difference) / TensorPrimitives.Norm<float>(aggregate);
    }

    // The attackers are spread over the nodes.
    private static ReadOnlyMemory<float>[] Updates(bool isStructured)
    {
        float[] signal = Uniform(1000, 1);
        float[][] directions = [.. Enumerable.Range(0, 8).Select(k => Uniform(2000 + (uint)k, 1))];
        var updates = new ReadOnlyMemory<float>[Count];
        for (int i = 0; i < Count; i++)
        {
            float[] update = Uniform((uint)i, isStructured ? 0.3f : 2);
            VectorMath.Axpy(1, signal, update);
            var strengths = new CounterRandom(1, RandomPurpose.Test, 3000 + (uint)i);
            for (int k = 0; isStructured && k < directions.Length; k++)
            {
                VectorMath.Axpy((float)(2 * Math.Pow(0.7, k) * strengths.NextGaussian()), directions[k], update);
            }

            if (i % (Count / Nodes) == 0)
            {
                VectorMath.Scale(-10, update);
            }

            updates[i] = update;
        }

        return updates;
    }

    private static float[] Uniform(uint stream, float bound)
    {
        float[] vector = new float[Length];
        new CounterRandom(1, RandomPurpose.Test, stream).FillUniform(vector, -bound, bound);
        return vector;
    }
}
