using Federated.Numerics;
using Federated.Numerics.Compression;

namespace Federated.UnitTests.Numerics.Compression;

public sealed class BlockQuantiserTests
{
    public static TheoryData<int, int, int> Shapes => new()
    {
        { 1, 0, 1000 }, { 1, 64, 1003 }, { 2, 256, 1000 }, { 3, 8, 77 }, { 4, 256, 5000 }, { 5, 64, 1 }, { 6, 0, 3000 }, { 7, 1024, 3001 }, { 8, 256, 2049 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Quantise_ToNearest_IsTheNaiveRounding(int bits, int block, int length)
    {
        foreach (float[] values in CompressionData.All(length))
        {
            float[] actual = RoundTrip(values, bits, block, null, 1);

            Assert.Equal(Naive(values, bits, block), actual);
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Quantise_ToNearest_KeepsItsContraction(int bits, int block, int length)
    {
        foreach (float[] values in CompressionData.All(length))
        {
            float[] actual = RoundTrip(values, bits, block, null, 1);

            double delta = Contraction.OfRounding(bits, block == 0 ? length : Math.Min(block, length));
            Assert.True(Contraction.Measure(values, actual) >= delta - 1e-6);
        }
    }

    [Theory]
    [InlineData(2, 64)]
    [InlineData(4, 256)]
    public void Quantise_ToNearest_TheBoundIsReachedByHalfSteps(int bits, int block)
    {
        double levels = BlockQuantiser.LevelsOf(bits);
        float[] values = [.. Enumerable.Repeat((float)(0.4999999 / levels), block)];
        values[3] = 1;

        double measured = Contraction.Measure(values, RoundTrip(values, bits, block, null, 1));

        Assert.Equal(Contraction.OfRounding(bits, block), measured, 1e-4);
    }

    [Fact]
    public void Quantise_Stochastic_IsRightInTheMean()
    {
        float[] values = CompressionData.Gaussian(64);
        double[] mean = new double[64];
        const int Draws = 4000;
        for (int draw = 0; draw < Draws; draw++)
        {
            float[] one = RoundTrip(values, 3, 64, new CounterRandom(5, RandomPurpose.Dither, (uint)draw), 1);
            for (int i = 0; i < 64; i++)
            {
                mean[i] += one[i] / Draws;
            }
        }

        double step = values.Max(Math.Abs) / BlockQuantiser.LevelsOf(3);
        for (int i = 0; i < 64; i++)
        {
            Assert.Equal(values[i], mean[i], 4 * step / 2 / Math.Sqrt(Draws));
        }
    }

    [Theory]
    [InlineData(2, 64)]
    [InlineData(4, 256)]
    [InlineData(8, 256)]
    public void Quantise_StochasticAndShrunk_KeepsItsContractionInTheMean(int bits, int block)
    {
        double delta = Contraction.OfStochasticRounding(bits, block);
        foreach (float[] values in CompressionData.All(1024))
        {
            double error = 0;
            for (uint draw = 0; draw < 200; draw++)
            {
                float[] one = RoundTrip(values, bits, block, new CounterRandom(7, RandomPurpose.Dither, draw), (float)delta);
                error += (1 - Contraction.Measure(values, one)) / 200;
            }

            Assert.True(1 - error >= delta - 0.02, $"{1 - error} < {delta}");
        }
    }

    [Fact]
    public void Quantise_TopLevelWithDither_StaysInRange()
    {
        float[] values = [.. Enumerable.Repeat(1f, 4096)];

        float[] actual = RoundTrip(values, 8, 256, new CounterRandom(9, RandomPurpose.Dither), 1);

        Assert.All(actual, value => Assert.Equal(1f, value, 1e-6f));
    }

    [Fact]
    public void Quantise_TinyBlock_IsZero()
    {
        float[] actual = RoundTrip([1e-35f, -1e-36f], 4, 8, null, 1);

        Assert.Equal([0f, 0f], actual);
    }

    [Theory]
    [InlineData(0, 256)]
    [InlineData(1, 256)]
    [InlineData(7, 24)]
    [InlineData(15, 4096)]
    [InlineData(3, 0)]
    public void Dequantise_ALargeVectorAtAnyAddress_IsWhatItsBlocksAre(int offset, int block)
    {
        const int Length = (1 << 22) + 77;
        float[] values = CompressionData.Gaussian(Length, seed: 9);
        float[] steps = new float[BlockQuantiser.BlocksOf(Length, block)];
        byte[] packed = new byte[BitPacking.BytesFor(Length, 4)];
        BlockQuantiser.Quantise(values, 4, block, steps, packed);
        float[] back = new float[Length + offset];

        BlockQuantiser.Dequantise(packed, 4, block, steps, back.AsSpan(offset));

        int size = block == 0 ? Length : block;
        for (int i = 0; i < Length; i++)
        {
            float expected = (((packed[i / 2] >> (4 * (i & 1))) & 15) - 7) * steps[i / size];
            if (BitConverter.SingleToInt32Bits(expected) != BitConverter.SingleToInt32Bits(back[offset + i]))
            {
                Assert.Fail($"element {i}: {back[offset + i]} instead of {expected}");
            }
        }
    }

    [Fact]
    public void BlocksOf_NotAMultipleOfEight_Throws() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => BlockQuantiser.BlocksOf(100, 12));

    private static float[] RoundTrip(float[] values, int bits, int block, CounterRandom? dither, float shrink)
    {
        float[] steps = new float[BlockQuantiser.BlocksOf(values.Length, block)];
        byte[] packed = new byte[BitPacking.BytesFor(values.Length, bits)];
        float[] back = new float[values.Length];
        BlockQuantiser.Quantise(values, bits, block, steps, packed, dither, shrink);
        BlockQuantiser.Dequantise(packed, bits, block, steps, back);
        return back;
    }

    private static float[] Naive(float[] values, int bits, int block)
    {
        int size = block == 0 ? values.Length : block;
        float[] result = new float[values.Length];
        for (int start = 0; start < values.Length; start += size)
        {
            float[] part = values[start..Math.Min(start + size, values.Length)];
            float largest = part.Max(Math.Abs);
            if (largest == 0)
            {
                continue;
            }

            if (bits == 1)
            {
                double[] lanes = new double[8];
                for (int i = 0; i < part.Length; i++)
                {
                    lanes[i % 8] += Math.Abs((double)part[i]);
                }

                float mean = (float)(lanes.Aggregate(0.0, (sum, lane) => sum + lane) / part.Length);
                for (int i = 0; i < part.Length; i++)
                {
                    result[start + i] = part[i] < 0 ? -mean : mean;
                }

                continue;
            }

            int levels = (1 << (bits - 1)) - 1;
            float step = largest / levels;
            for (int i = 0; i < part.Length; i++)
            {
                result[start + i] = (int)MathF.Round(part[i] * (levels / largest), MidpointRounding.ToEven) * step;
            }
        }

        return result;
    }
}
