using Federated.Protocol.Codecs;

namespace Federated.UnitTests.Protocol.Codecs;

/// <summary>The bytes of frames are a contract between devices and servers of different ages: a change needs another layout version, not other bytes here.</summary>
public sealed class FrameFormatTests
{
    private static readonly float[] Vector = [4, -3, 2, 1, 0, 0.5f, -8, 0.25f, 1, 1, -1, 2];

    [Theory]
    [InlineData("none", "01010000400000000c0000003000000000008040000040c0000000400000803f000000000000003f000000c10000803e0000803f0000803f000080bf00000040")]
    [InlineData("f16", "01020000280000000c00000018000000004400c20040003c0000003800c80034003c003c00bc0040")]
    [InlineData("bf16", "01030000280000000c00000018000000804040c00040803f0000003f00c1803e803f803f80bf0040")]
    [InlineData("q4:8", "01040000220000000c00000012000000040001002549923f2549923e4b897770bbe3")]
    [InlineData("q1:8", "010400001e0000000c0000000e00000001000100000016400000a03fbd0b")]
    [InlineData("sign", "010400001a0000000c0000000a000000010000005555fd3fbd0b")]
    [InlineData("topk:0.25", "01050000270000000c00000017000000030000002000000000008040000040c0000000c1000004")]
    [InlineData("topk:0.25+q8", "01050000220000000c0000001200000003000000080020000402813dbf4f00000004")]
    [InlineData("randk:0.25", "01060000300000000c00000020000000070000000000000003000000030000002000000000000040000000c10000803f")]
    [InlineData("svd:1", "01070000380000000c000000280000000300000004000000010000007012bebe7fae6b3f89a7f73df797aebfedf3d83fb5a703c15062ce3d")]
    public void Compress_SmallVector_GivesTheFrozenBytes(string text, string expected)
    {
        CompressionLayout layout = text == "svd:1"
            ? CompressionLayout.Of(new Federated.Protocol.Models.ModelSchema([new("w", [3, 4])]))
            : CompressionLayout.Flat(Vector.Length);

        Assert.Equal(expected, Convert.ToHexStringLower(CodecCases.Frame(text, Vector, layout)));
    }

    [Fact]
    public void Decode_ZstandardBody_OfAnotherLevelIsRead()
    {
        // 256 zero codes of q2 with a step of 1: written by the reference implementation's rules, read whatever level made it.
        float[] vector = new float[4096];
        vector[0] = 1;
        byte[] frame = CodecCases.Frame("q2", vector, CompressionLayout.Flat(vector.Length));
        float[] decoded = new float[vector.Length];

        Frames.Decode(frame, decoded);

        Assert.Equal(1, frame[2]);
        Assert.True(frame.Length < 100);
        Assert.Equal(vector, decoded);
    }
}
