using System.Buffers.Binary;
using System.IO.Hashing;
using Federated.Aggregation.Robust.Hierarchy;
using Federated.Numerics;

namespace Federated.UnitTests.Aggregation.Robust.Hierarchy;

public sealed class ExchangeFormatTests
{
    private static readonly ExchangeBlock[] Blocks =
    [
        ExchangeBlock.OfVectors(1, ExchangeContent.Range, 1024, [new float[] { 1, -2 }, new float[] { 0.5f, float.NaN }]),
        ExchangeBlock.OfNumbers(1, ExchangeContent.Finite, 1, [1, 0]),
        ExchangeBlock.OfVectors(2, ExchangeContent.Sketch, 0, []),
        ExchangeBlock.OfNumbers(2, ExchangeContent.Gram, 2, [4, -1, -1, 9]),
    ];

    // Frozen: a node of another build must read these bytes.
    private const string Golden =
        "465843480100010004000000000000000100010000040000020000000200000000000000010021000000000001000000020000000000000002000200"
        + "000000000000000000000000000000000200200000000000020000000200000000000000" + "0000803f000000c00000003f0000c0ff"
        + "000000000000f03f0000000000000000" + "0000000000001040000000000000f0bf000000000000f0bf0000000000002240";

    [Fact]
    public void Write_KnownBlocks_AreTheFrozenBytes()
    {
        byte[] bytes = Written(new ExchangeWriter(ExchangeKind.Share, Blocks), 4096);

        Assert.Equal(Golden, Convert.ToHexStringLower(bytes[..^8]));
        Assert.Equal(XxHash3.HashToUInt64(bytes.AsSpan(0, bytes.Length - 8)), BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(bytes.Length - 8)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(64)]
    [InlineData(100_000)]
    public void Read_AnyPieces_GiveTheBlocks(int piece)
    {
        byte[] bytes = Written(new ExchangeWriter(ExchangeKind.Share, Blocks), piece);
        ExchangeReader reader = Reader();
        foreach (byte[] some in bytes.Chunk(piece))
        {
            Assert.False(reader.IsComplete);
            reader.Append(some);
        }

        Assert.True(reader.IsComplete);
        Assert.Equal(Blocks.Select(block => block.Shape), reader.Blocks.Select(block => block.Shape));
        Assert.Equal(Blocks[0].Single[1].ToArray(), reader.Blocks[0].Single[1].ToArray());
        Assert.Equal(Blocks[3].Wide, reader.Blocks[3].Wide);
    }

    [Fact]
    public void Read_NoBlocks_IsComplete()
    {
        ExchangeReader reader = Reader();

        reader.Append(Written(new ExchangeWriter(ExchangeKind.Share, []), 5));

        Assert.True(reader.IsComplete);
        Assert.Empty(reader.Blocks);
    }

    [Fact]
    public void Read_BytesBehindTheEnd_AreRefused()
    {
        ExchangeReader reader = Reader();
        reader.Append(Written(new ExchangeWriter(ExchangeKind.Share, Blocks), 64));

        Assert.Throws<InvalidDataException>(() => reader.Append([0]));
    }

    // Whatever is flipped is noticed, and nothing but InvalidDataException comes of it.
    [Fact]
    public void Read_AnyByteChanged_IsNoticed()
    {
        byte[] good = Written(new ExchangeWriter(ExchangeKind.Share, Blocks), 4096);
        for (int i = 0; i < good.Length; i++)
        {
            byte[] bad = [.. good];
            bad[i] ^= 0x41;
            ExchangeReader reader = Reader();
            bool isRefused = Record.Exception(() => reader.Append(bad)) is InvalidDataException;
            Assert.True(isRefused || !reader.IsComplete, $"byte {i}");
        }
    }

    [Fact]
    public void Read_Noise_IsRefused()
    {
        var random = new CounterRandom(5, RandomPurpose.Test);
        for (int turn = 0; turn < 200; turn++)
        {
            byte[] noise = [.. Written(new ExchangeWriter(ExchangeKind.Share, Blocks), 4096).Select((b, i) => i is >= 16 and < 96 ? (byte)random.NextInt(256) : b)];
            ExchangeReader reader = Reader();

            Assert.True(Record.Exception(() => reader.Append(noise)) is InvalidDataException || !reader.IsComplete);
        }
    }

    // A table may announce terabytes: whoever receives it has judged it before anything is allocated.
    [Fact]
    public void Read_HugeBlock_IsJudgedBeforeItIsAllocated()
    {
        byte[] bytes = Written(new ExchangeWriter(ExchangeKind.Share, Blocks), 4096);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(16 + 12), int.MaxValue - 1024);
        var reader = new ExchangeReader(
            ExchangeKind.Share, shapes => shapes.Sum(shape => shape.Bytes) > 1_000_000 ? "More than 1,000,000 bytes." : null,
            _ => throw new InvalidOperationException("It was allocated."));

        var fault = Assert.Throws<InvalidDataException>(() => reader.Append(bytes));

        Assert.Equal("More than 1,000,000 bytes.", fault.Message);
    }

    [Theory]
    [InlineData(0, 'x', "do not begin with FXCH")]
    [InlineData(4, 9, "layout version 9; this build reads 1")]
    [InlineData(6, 3, "of kind Verdict; Share is expected")]
    [InlineData(10, 255, "at most 65536 blocks")]
    [InlineData(18, 99, "Block 0 of the message is impossible")]
    [InlineData(27, 1, "Block 0 of the message is impossible")]
    public void Read_WrongHeader_SaysWhat(int offset, int value, string expected)
    {
        byte[] bytes = Written(new ExchangeWriter(ExchangeKind.Share, Blocks), 4096);
        bytes[offset] = (byte)value;

        var fault = Assert.Throws<InvalidDataException>(() => Reader().Append(bytes));

        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_BlockTwice_IsRefused()
    {
        byte[] bytes = Written(new ExchangeWriter(ExchangeKind.Share, [Blocks[1], Blocks[1]]), 4096);

        Assert.Contains("there twice", Assert.Throws<InvalidDataException>(() => Reader().Append(bytes)).Message, StringComparison.Ordinal);
    }

    public static byte[] Written(ExchangeWriter writer, int piece)
    {
        var bytes = new List<byte>();
        byte[] buffer = new byte[piece];
        for (int length = writer.Write(buffer); length > 0; length = writer.Write(buffer))
        {
            bytes.AddRange(buffer.AsSpan(0, length));
        }

        Assert.Equal(writer.Length, bytes.Count);
        return [.. bytes];
    }

    private static ExchangeReader Reader() => new(ExchangeKind.Share, shapes => shapes.Sum(shape => shape.Bytes) > 10_000 ? "Too much." : null);
}
