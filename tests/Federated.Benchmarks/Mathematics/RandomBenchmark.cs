using Federated.Benchmarks.Framework;
using Federated.Numerics;

namespace Federated.Benchmarks.Mathematics;

/// <summary>The generator's bulk form against its one-word form.</summary>
internal sealed class RandomBenchmark : IBenchmark
{
    private const int Words = 1 << 22;

    public string Name => "random";

    public string Summary => "uniform float32 numbers in bulk against one at a time";

    public Task RunAsync(BenchmarkContext context)
    {
        float[] numbers = new float[Words];
        double[] best = Interleaved.Best(
            Interleaved.DefaultTurns,
            () => new CounterRandom(1, RandomPurpose.Test).FillUniform(numbers, 0, 1),
            () => OneByOne(numbers));
        context.Tell("random.bulk", Words / best[0] / 1e6, "M/s");
        context.Tell("random.single", Words / best[1] / 1e6, "M/s");
        context.Tell("random.speedup", best[1] / best[0], "ratio");
        return Task.CompletedTask;
    }

    private static void OneByOne(float[] numbers)
    {
        var random = new CounterRandom(1, RandomPurpose.Test);
        for (int i = 0; i < numbers.Length; i++)
        {
            numbers[i] = random.NextSingle();
        }
    }
}
