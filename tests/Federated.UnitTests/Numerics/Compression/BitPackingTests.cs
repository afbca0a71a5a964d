using Federated.Numerics.Compression;

namespace Federated.UnitTests.Numerics.Compression;

public sealed class BitPackingTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public void Pack_AnyLength_IsALittleEndianInteger(int bits)
    {
        for (int length = 0; length <= 70; length++)
        {
            byte[] codes = [.. Enumerable.Range(0, length).Select(i => (byte)((i * 37) & ((1 << bits) - 1)))];
            byte[] packed = new byte[BitPacking.BytesFor(length, bits)];
            byte[] back = new byte[length];

            BitPacking.Pack(codes, bits, packed);
            BitPacking.Unpack(packed, bits, back);

            Assert.Equal(Naive(codes, bits), packed);
            Assert.Equal(codes, back);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(9)]
    public void Pack_BitsOutOfRange_Throws(int bits) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => BitPacking.Pack(new byte[8], bits, new byte[16]));

    private static byte[] Naive(byte[] codes, int bits)
    {
        byte[] packed = new byte[((codes.Length * bits) + 7) / 8];
        for (int i = 0; i < codes.Length * bits; i++)
        {
            packed[i / 8] |= (byte)(((codes[i / bits] >> (i % bits)) & 1) << (i % 8));
        }

        return packed;
    }
}
