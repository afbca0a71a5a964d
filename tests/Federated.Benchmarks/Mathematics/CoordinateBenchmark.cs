using Federated.Aggregation.Linear;
using Federated.Aggregation.Robust.Coordinates;
using Federated.Benchmarks.Framework;
using Federated.Numerics;
using static TorchSharp.torch;

namespace Federated.Benchmarks.Mathematics;

/// <summary>The coordinate rules against our weighted mean, and against libtorch's sort along the client axis.</summary>
internal sealed class CoordinateBenchmark : IBenchmark
{
    private const int Length = 1_000_000;

    // Twice the time is allowed with half the vector width.
    private static readonly double Widths = MachineDescription.InstructionSet == "AVX-512" ? 1 : 2;

    public string Name => "coordinate";

    public string Summary => "median, trimmed mean, MeaMed and Phocas of 1 M float32 against the weighted mean and libtorch's sort";

    public Task RunAsync(BenchmarkContext context)
    {
        AgainstMean(context);
        AgainstSort(context, 15);
        AgainstSort(context, 60);
        return Task.CompletedTask;
    }

    private static void AgainstMean(BenchmarkContext context)
    {
        const int Count = 50;
        ReadOnlyMemory<float>[] updates = Updates(Count);
        double[] weights = [.. Enumerable.Repeat(1.0, Count)];
        float[] destination = new float[Length];
        double[] best = Interleaved.Best(
            Interleaved.DefaultTurns,
            () => WeightedMean.Compute(updates, weights, destination),
            () => new CoordinateMedian().Aggregate(updates, destination),
            () => new TrimmedMean(10).Aggregate(updates, destination),
            () => new MeaMed(10).Aggregate(updates, destination),
            () => new Phocas(10).Aggregate(updates, destination));
        context.Tell("coordinate.mean50", best[0] * 1e3, "ms");
        context.AtMost("coordinate.median50.multipleOfMean", best[1] / best[0], 4 * Widths);
        context.AtMost("coordinate.trimmedMean50.multipleOfMean", best[2] / best[0], 4 * Widths);
        context.AtMost("coordinate.meamed50.multipleOfMean", best[3] / best[0], 8 * Widths);
        context.Tell("coordinate.phocas50.multipleOfMean", best[4] / best[0], "ratio");
    }

    private static void AgainstSort(BenchmarkContext context, int count)
    {
        ReadOnlyMemory<float>[] updates = Updates(count);
        float[] destination = new float[Length];
        using Tensor stacked = stack([.. updates.Select(update => tensor(update.ToArray()))]);
        double[] best = Interleaved.Best(
            3,
            () => new CoordinateMedian().Aggregate(updates, destination),
            () => new TrimmedMean(count / 5).Aggregate(updates, destination),
            () =>
            {
                (Tensor values, Tensor indices) = sort(stacked, 0);
                values.Dispose();
                indices.Dispose();
            });
        context.Tell($"coordinate.median{count}", best[0] * 1e3, "ms");
        context.Tell($"coordinate.trimmedMean{count}", best[1] * 1e3, "ms");
        context.Tell($"coordinate.libtorchSort{count}", best[2] * 1e3, "ms");
        context.AtLeast($"coordinate.median{count}.sortOverOurs", best[2] / best[0], 10 / Widths);
        context.AtLeast($"coordinate.trimmedMean{count}.sortOverOurs", best[2] / best[1], 10 / Widths);
    }

    private static ReadOnlyMemory<float>[] Updates(int count)
    {
        var updates = new ReadOnlyMemory<float>[count];
        for (int k = 0; k < count; k++)
        {
            float[] update = new float[Length];
            new CounterRandom(1, RandomPurpose.Test, (uint)k).FillUniform(update, -1, 1);
            updates[k] = update;
        }

        return updates;
    }
}
