using Federated.Client.Sparse.Kernels;
using Federated.Numerics;

namespace Federated.UnitTests.Sparse;

public sealed unsafe class PoolKernelTests
{
    /// <summary>Whole vectors of every width, and what is left behind them; overlapping windows; values that tie.</summary>
    [Theory]
    [InlineData(16, 2, 2)]
    [InlineData(1, 2, 2)]
    [InlineData(4, 2, 2)]
    [InlineData(8, 2, 2)]
    [InlineData(37, 2, 2)]
    [InlineData(21, 3, 1)]
    public void MaxAndRoute_AnyNumberOfLanes_GoTheWayOfTheFirstLargest(int lanes, int side, int stride)
    {
        const int Count = 5, Halo = 3;
        int columns = ((Count - 1) * stride) + side, pitch = (columns * lanes) + Halo, toPitch = pitch + 7;
        var random = new CounterRandom(1, RandomPurpose.Test, (uint)lanes);
        float[] input = [.. Enumerable.Range(0, side * pitch).Select(_ => (float)random.NextInt(3))];
        float[] gradient = [.. Enumerable.Range(0, Count * lanes).Select(_ => (float)random.NextDouble() - 0.5f)];
        float[] output = new float[Count * lanes], to = [.. Enumerable.Range(0, side * toPitch).Select(i => (float)i)];
        float[] expected = [.. to], largest = new float[output.Length];
        for (int window = 0; window < Count; window++)
        {
            for (int lane = 0; lane < lanes; lane++)
            {
                (float Value, int Y, int X) best = (float.NegativeInfinity, 0, 0);
                for (int y = 0; y < side; y++)
                {
                    for (int x = 0; x < side; x++)
                    {
                        float value = input[(y * pitch) + (((window * stride) + x) * lanes) + lane];
                        best = value > best.Value ? (value, y, x) : best;
                    }
                }

                largest[(window * lanes) + lane] = best.Value;
                expected[(best.Y * toPitch) + (((window * stride) + best.X) * lanes) + lane] += gradient[(window * lanes) + lane];
            }
        }

        var windows = new PoolWindows(side, side, stride, lanes, Count);
        fixed (float* from = input, maxima = output, given = gradient, target = to)
        {
            SparseKernels.Max(windows, from, pitch, maxima);
            TrainingKernels.Route(windows, from, pitch, maxima, given, target, toPitch);
        }

        Assert.Equal(largest, output);
        Assert.Equal(expected, to);
    }
}
