using System.Buffers.Binary;
using Federated.Numerics;
using Federated.Protocol.Codecs;
using Federated.UnitTests.Numerics.Compression;

namespace Federated.UnitTests.Protocol.Codecs;

public sealed class HostileFrameTests
{
    private const int Elements = 2000;

    private static readonly CompressionLayout Layout = CompressionLayout.Of(
        new Federated.Protocol.Models.ModelSchema([new("w", [20, 50]), new("v", [1000])]));

    [Theory]
    [MemberData(nameof(CodecCases.Texts), MemberType = typeof(CodecCases))]
    public void Measure_BytesTurned_NeverThrowsNorTakesMuchMemory(string text)
    {
        byte[] good = CodecCases.Frame(text, CompressionData.Gaussian(Elements), Layout);
        var random = new CounterRandom(1, RandomPurpose.Test);
        byte[] bad = new byte[good.Length + 8];
        float[] decoded = new float[Elements];
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int attempt = 0; attempt < 3000; attempt++)
        {
            good.CopyTo(bad, 0);
            int length = random.NextInt(4) == 0 ? random.NextInt(bad.Length) : good.Length;
            for (int turned = random.NextInt(4); turned >= 0; turned--)
            {
                // The first bytes hold the lengths and parameters: they are turned more often.
                int at = random.NextInt(2) == 0 ? random.NextInt(Math.Min(40, good.Length)) : random.NextInt(good.Length);
                bad[at] = (byte)random.NextUInt32();
            }

            FrameMeasure measure = Frames.Measure(bad.AsSpan(0, length), Elements);
            if (measure.Fault == FrameFault.None)
            {
                Frames.Decode(bad.AsSpan(0, length), decoded);
                Assert.All(decoded, value => Assert.True(float.IsFinite(value)));
            }
        }

        // A Zstandard context has its tables; nothing may grow with what the bytes claim.
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 3000L * 200_000);
    }

    [Fact]
    public void Measure_RandomBytes_NeverThrows()
    {
        var random = new CounterRandom(2, RandomPurpose.Test);
        uint[] words = new uint[64];
        byte[] bytes = new byte[256];
        for (int attempt = 0; attempt < 20_000; attempt++)
        {
            random.FillWords(words);
            Buffer.BlockCopy(words, 0, bytes, 0, 256);
            bytes[0] = 1;
            bytes[1] = (byte)(1 + (attempt % 7));
            bytes[2] = (byte)(attempt % 2);
            bytes[3] = 0;
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), 256);
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), Elements);
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), attempt % 2 == 0 ? 240 : random.NextInt(9000));

            Frames.Measure(bytes, Elements);
        }
    }

    [Theory]
    [InlineData(0, 2, FrameFault.UnknownVersion)]
    [InlineData(1, 0, FrameFault.UnknownKind)]
    [InlineData(1, 8, FrameFault.UnknownKind)]
    [InlineData(2, 2, FrameFault.UnknownKind)]
    [InlineData(3, 1, FrameFault.UnknownKind)]
    [InlineData(7, 0x7F, FrameFault.LengthMismatch)]
    [InlineData(9, 0xFF, FrameFault.WrongLength)]
    public void Measure_HeaderByteTurned_NamesTheFault(int at, byte value, FrameFault expected)
    {
        byte[] frame = CodecCases.Frame("none", CompressionData.Gaussian(Elements), Layout);
        frame[at] = value;
        if (at == 9)
        {
            BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(8), Elements - 1);
        }

        Assert.Equal(expected, Frames.Measure(frame, Elements).Fault);
    }

    [Fact]
    public void Measure_CutShort_IsTruncated()
    {
        byte[] frame = CodecCases.Frame("none", CompressionData.Gaussian(Elements), Layout);

        Assert.Equal(FrameFault.Truncated, Frames.Measure(frame.AsSpan(0, frame.Length - 1), Elements).Fault);
        Assert.Equal(FrameFault.Truncated, Frames.Measure(frame.AsSpan(0, 5), Elements).Fault);
    }

    [Fact]
    public void Measure_BytesBehindTheFrame_AreNotIgnored()
    {
        byte[] frame = [.. CodecCases.Frame("none", CompressionData.Gaussian(Elements), Layout), 0];

        Assert.Equal(FrameFault.LengthMismatch, Frames.Measure(frame, Elements).Fault);
    }

    [Fact]
    public void Measure_IndexBeyondTheVector_IsRefused()
    {
        // One value at index 2000 of 2000: k = 1, float32, gap 2000.
        byte[] frame = [1, 5, 0, 0, 30, 0, 0, 0, 0xD0, 7, 0, 0, 14, 0, 0, 0, 1, 0, 0, 0, 32, 0, 0, 0, 0, 0, 128, 63, 0xD0, 15];

        Assert.Equal(FrameFault.BadIndex, Frames.Measure(frame, Elements).Fault);
        frame[^2]--;
        Assert.Equal(FrameFault.None, Frames.Measure(frame, Elements).Fault);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("f16")]
    [InlineData("bf16")]
    public void Measure_NotFinite_IsRefused(string text)
    {
        byte[] frame = CodecCases.Frame(text, CompressionData.Gaussian(Elements), Layout);
        frame.AsSpan(16, 4).Fill(0xFF);

        Assert.Equal(FrameFault.NotFinite, Frames.Measure(frame, Elements).Fault);
    }

    [Fact]
    public void Measure_ZstandardBomb_IsRefusedWithoutTheMemory()
    {
        byte[] bomb;
        using (var zstd = new ZstdSharp.Compressor(3))
        {
            bomb = zstd.Wrap(new byte[50_000_000]).ToArray();
        }

        byte[] frame = new byte[16 + bomb.Length];
        CodecCases.Frame("q4", new float[Elements], Layout).AsSpan(0, 16).CopyTo(frame);
        frame[2] = 1;
        BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(4), frame.Length);
        BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(12), 4 * Elements);
        bomb.CopyTo(frame, 16);
        Frames.Measure(frame, Elements);
        long before = GC.GetAllocatedBytesForCurrentThread();

        FrameFault fault = Frames.Measure(frame, Elements).Fault;

        Assert.Equal(FrameFault.BadCompression, fault);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1_000_000);
    }
}
