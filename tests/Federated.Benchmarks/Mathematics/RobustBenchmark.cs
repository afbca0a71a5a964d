using System.Numerics.Tensors;
using Federated.Aggregation.Kernels;
using Federated.Aggregation.Linear;
using Federated.Aggregation.Robust.Catalog;
using Federated.Aggregation.Robust.Flag;
using Federated.Aggregation.Robust.Gram;
using Federated.Benchmarks.Framework;
using TorchSharp;

namespace Federated.Benchmarks.Mathematics;

/// <summary>The Gram matrix against what the machine can read and multiply and against libtorch's product, and the Flag aggregator against its two passes.</summary>
internal sealed class RobustBenchmark : IBenchmark
{
    private const int Length = 11_700_000;
    private const int Offset = 1000;

    public string Name => "robust";

    public string Summary => "Gram matrices of updates of 11.7 M float32 against read bandwidth and FMA peak; every rule as a multiple of the mean; all of coordinate";

    public Task RunAsync(BenchmarkContext context)
    {
        float[] storage = GC.AllocateUninitializedArray<float>(Length + (128 * Offset));
        for (int i = 0; i < storage.Length; i++)
        {
            storage[i] = (i % 251) - 125;
        }

        Measure(context, Updates(storage, 15, Length), Length, isMemoryBound: true);
        foreach (int count in new[] { 60, 128 })
        {
            // A tenth of the length: the arithmetic of one element is the same, and so many long updates fit few machines.
            Measure(context, Updates(storage, count, Length / 10), Length / 10, isMemoryBound: false);
        }

        RuleTimes.Measure(context);
        MeasureRules(context, Updates(storage, 50, 1_000_000));
        return new CoordinateBenchmark().RunAsync(context);
    }

    /// <summary>Updates that are not close to one another: distances of close ones are measured anew, which is told as a figure of its own.</summary>
    private static float[][] Updates(float[] storage, int count, int length) =>
        [.. Enumerable.Range(0, count).Select(k => storage.AsSpan(k * Offset, length).ToArray())];

    private static void MeasureRules(BenchmarkContext context, float[][] updates)
    {
        ReadOnlyMemory<float>[] memories = [.. updates.Select(update => (ReadOnlyMemory<float>)update)];
        float[] destination = new float[1_000_000];
        double[] weights = [.. Enumerable.Repeat(1.0, updates.Length)];
        var input = new RobustInput { Updates = memories };
        (RobustRule Rule, double Goal)[] rules =
        [
            .. new (string Text, double Goal)[]
            {
                ("krum", 5), ("multi-krum", 5), ("geometric-median", 6), ("centred-clipping", 4), ("caf", 10), ("nnm+mean", 8),
            }.Select(rule => (RuleCatalog.Create(rule.Text, 10), rule.Goal)),
        ];
        double[] best = Interleaved.Best(
            Interleaved.DefaultTurns,
            [
                () => WeightedMean.Compute(memories, weights, destination),
                .. rules.Select(rule => (Action)(() => rule.Rule.Aggregate(input, destination))),
            ]);
        for (int i = 0; i < rules.Length; i++)
        {
            // Twice the time is allowed with half the vector width.
            double goal = rules[i].Goal * (MachineDescription.InstructionSet == "AVX-512" ? 1 : 2);
            context.AtMost($"robust.{rules[i].Rule.Text}50.multipleOfMean", best[i + 1] / best[0], goal);
        }
    }

    private static void Measure(BenchmarkContext context, float[][] updates, int length, bool isMemoryBound)
    {
        ReadOnlyMemory<float>[] memories = [.. updates.Select(update => (ReadOnlyMemory<float>)update)];
        var flag = new FlagRule(new FlagOptions());
        float[] destination = new float[length];
        double[] coefficients = [.. Enumerable.Repeat(0.5, updates.Length)];
        using torch.Tensor stacked = torch.stack([.. updates.Select(update => torch.tensor(update))]);
        using torch.Tensor turned = stacked.t();
        ReadOnlyMemory<float>[] equal = [.. updates.Select(_ => memories[0])];
        double[] best = Interleaved.Best(
            Interleaved.DefaultTurns,
            () => ReadAll(updates, length),
            () => FmaPeak.Run(),
            () => GramMatrix.Compute(memories),
            () => WeightedSum.Compute(memories, coefficients, destination),
            () => GramAggregation.Run(flag, memories, destination),
            () => stacked.mm(turned).Dispose(),
            () => GramAggregation.Run(flag, equal, destination));

        int p = updates.Length;
        double flops = (double)p * (p + 1) * length;
        string name = $"robust.gram{p}";
        context.Tell($"{name}.milliseconds", best[2] * 1e3, "ms");
        context.Tell($"{name}.rate", flops / best[2] / 1e9, "GFLOP/s");
        context.AtLeast($"{name}.libtorchOverOurs", best[5] / best[2], 1);
        if (isMemoryBound)
        {
            context.AtLeast($"{name}.readBandwidthRatio", best[0] / best[2], 0.6);
        }
        else
        {
            context.AtLeast($"{name}.fmaPeakRatio", flops / best[2] / (FmaPeak.Flops / best[1]), 0.5);
        }

        context.AtMost($"robust.flag{p}.overGramAndSum", best[4] / (best[2] + best[3]), 1.05);
        context.Tell($"robust.flag{p}.equalUpdatesOverGramAndSum", best[6] / (best[2] + best[3]), "ratio");
    }

    private static void ReadAll(float[][] updates, int length)
    {
        foreach (float[] update in updates)
        {
            ParallelRanges.Run(length, Environment.ProcessorCount, (from, to) =>
            {
                if (float.IsNaN(TensorPrimitives.Sum<float>(update.AsSpan(from, to - from))))
                {
                    throw new InvalidOperationException("The sum is not a number.");
                }
            });
        }
    }
}
