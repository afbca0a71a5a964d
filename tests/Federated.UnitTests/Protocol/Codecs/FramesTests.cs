using Federated.Numerics.Compression;
using Federated.Protocol.Codecs;
using Federated.UnitTests.Numerics.Compression;

namespace Federated.UnitTests.Protocol.Codecs;

public sealed class FramesTests
{
    [Theory]
    [MemberData(nameof(CodecCases.Texts), MemberType = typeof(CodecCases))]
    public void Decode_WhatWasCompressed_ContractsAsStated(string text)
    {
        var compressor = new VectorCompressor(CompressionSpec.Parse(text), CodecCases.Layout);
        foreach (float[] vector in CompressionData.All(CodecCases.Layout.Length))
        {
            float[] decoded = new float[vector.Length];

            Frames.Decode(CodecCases.Frame(text, vector), decoded);

            // Random masks and stochastic rounding contract in the mean only; their own tests measure that.
            // Binary16 promises something within its range alone.
            if (text == "f16" && vector.Any(value => Math.Abs(value) is > 65_504 or (> 0 and < 6.2e-5f)))
            {
                continue;
            }

            bool isRandom = text.Contains("randk", StringComparison.Ordinal) || text.Contains("q4s", StringComparison.Ordinal);
            double least = isRandom ? -0.5 : compressor.WorstContraction - 1e-6;
            Assert.True(Contraction.Measure(vector, decoded) >= least, $"{text}: {Contraction.Measure(vector, decoded)} < {least}");
        }
    }

    [Theory]
    [MemberData(nameof(CodecCases.Texts), MemberType = typeof(CodecCases))]
    public void AddToAndMeasure_AnyFrame_AgreeWithDecode(string text)
    {
        float[] vector = CompressionData.Gaussian(CodecCases.Layout.Length);
        byte[] frame = CodecCases.Frame(text, vector);
        float[] decoded = new float[vector.Length];
        double[] sums = [.. Enumerable.Range(0, vector.Length).Select(i => i * 0.5)];

        Frames.Decode(frame, decoded);
        Frames.AddTo(frame, 2.5, sums);
        FrameMeasure measure = Frames.Measure(frame, vector.Length);

        Assert.Equal(FrameFault.None, measure.Fault);
        Assert.Equal(CompressionData.SquaredNorm(decoded), measure.SumOfSquares, 1e-9 * CompressionData.SquaredNorm(decoded));
        for (int i = 0; i < sums.Length; i++)
        {
            Assert.Equal((i * 0.5) + (2.5 * decoded[i]), sums[i]);
        }
    }

    [Theory]
    [InlineData("none")]
    [InlineData("topk:0.01")]
    [InlineData("topk:0.1:layer")]
    [InlineData("topk:1")]
    [InlineData("randk:0.1")]
    [InlineData("f16")]
    [InlineData("bf16")]
    public void Compress_AlreadyCompressedVector_ChangesNothing(string text)
    {
        float[] once = new float[CodecCases.Layout.Length];
        float[] twice = new float[CodecCases.Layout.Length];

        Frames.Decode(CodecCases.Frame(text, CompressionData.Gaussian(once.Length)), once);
        Frames.Decode(CodecCases.Frame(text, once), twice);

        Assert.Equal(once, twice);
    }

    [Fact]
    public void Compress_TopKRatio_IsAsSmallAsStated()
    {
        CompressionLayout layout = CompressionLayout.Flat(100_000);
        float[] vector = CompressionData.Gaussian(layout.Length);

        // 4 bytes a value, a little over 8 bits an index.
        Assert.InRange(CodecCases.Frame("topk:0.01", vector, layout).Length, 4000, 5400);
        Assert.InRange(CodecCases.Frame("topk:0.01+q4", vector, layout).Length, 1000, 1900);
        Assert.InRange(CodecCases.Frame("q4", vector, layout).Length, 30_000, 52_000);
        Assert.InRange(CodecCases.Frame("sign", vector, layout).Length, 12_000, 12_600);
        Assert.InRange(CodecCases.Frame("randk:0.01", vector, layout).Length, 3500, 4050);
    }

    [Fact]
    public void Compress_SparseWouldBeLarger_IsDense()
    {
        byte[] frame = CodecCases.Frame("topk:1", CompressionData.Gaussian(CodecCases.Layout.Length));

        Assert.True(Frames.TryPeek(frame, out FrameKind kind, out int length));
        Assert.Equal(FrameKind.Dense, kind);
        Assert.Equal(frame.Length, length);
    }

    [Fact]
    public void Compress_EmptyVector_RoundTrips()
    {
        CompressionLayout layout = CompressionLayout.Flat(0);
        foreach (string text in new[] { "none", "topk:0.1", "randk:0.5", "sign", "q4", "svd:1", "f16" })
        {
            byte[] frame = CodecCases.Frame(text, [], layout);

            Assert.Equal(new FrameMeasure(FrameFault.None, 0), Frames.Measure(frame, 0));
        }
    }

    [Theory]
    [InlineData("topk:0.001")]
    [InlineData("topk:0.001+q8")]
    [InlineData("randk:0.001")]
    public void AddTo_FrameOfFewElements_TakesNoMemoryForTheVector(string text)
    {
        const int Length = 1 << 20;
        float[] vector = CompressionData.Gaussian(Length);
        byte[] frame = new byte[FrameLimits.FrameBytes(Length)];
        int bytes = new VectorCompressor(CompressionSpec.Parse(text), CompressionLayout.Flat(Length)).Compress(vector, new CompressionDraw(1, 1, 1), frame);
        double[] sums = new double[Length];
        Frames.AddTo(frame.AsSpan(0, bytes), 1, sums);

        long before = GC.GetAllocatedBytesForCurrentThread();
        Frames.AddTo(frame.AsSpan(0, bytes), 1, sums);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.InRange(allocated, 0, 64 * 1024);
        Assert.InRange(sums.Count(sum => sum != 0), 1, Length / 1000 + 1);
    }

    [Fact]
    public void Compress_MemoryTooSmall_Throws() =>
        Assert.Throws<ArgumentException>(() => new VectorCompressor(CompressionSpec.Dense, CompressionLayout.Flat(4)).Compress(new float[4], default, new byte[32]));
}
