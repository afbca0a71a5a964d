using CsCheck;
using Federated.Numerics.SharedRandomness;

namespace Federated.UnitTests.Numerics.SharedRandomness;

public sealed class OneByteCodeTests
{
    private static readonly OneByteCode Code = new();

    [Theory]
    [InlineData(0, 0x00)]
    [InlineData(1e-4, 0x00)]
    [InlineData(0.0021, 0x00)]
    [InlineData(0.00213, 0x01)]
    [InlineData(0.5, 0x38)]
    [InlineData(1, 0x40)]
    [InlineData(-1, 0xC0)]
    [InlineData(1.0444, 0x41)]
    [InlineData(1.5, 0x45)]
    [InlineData(-3.14159, 0xCD)]
    [InlineData(100, 0x75)]
    [InlineData(234.75, 0x7F)]
    [InlineData(1e9, 0x7F)]
    [InlineData(-1e9, 0xFF)]
    [InlineData(double.NaN, 0x80)]
    [InlineData(double.NegativeInfinity, 0x80)]
    [InlineData(1e300, 0x80)]
    public void Encode_KnownScalar_GivesTheKnownByte(double value, byte expected) => Assert.Equal(expected, Code.Encode(value));

    [Theory]
    [InlineData(0x41, 1.09033203125)]
    [InlineData(0x45, 1.5419921875)]
    [InlineData(0xCD, -3.083984375)]
    [InlineData(0x75, 98.6875)]
    [InlineData(0x7F, 234.75)]
    [InlineData(0x40, 1)]
    [InlineData(0x80, 0)]
    public void Decode_KnownByte_GivesTheKnownScalar(byte code, double expected) => Assert.Equal(expected, Code.Decode(code));

    [Theory]
    [InlineData(4, 64)]
    [InlineData(8, 64)]
    [InlineData(8, 32)]
    [InlineData(16, 64)]
    public void Encode_OfEveryDecodedByte_IsThatByte(int levels, int bias)
    {
        var code = new OneByteCode(levels, bias);
        for (int value = 0; value < 256; value++)
        {
            if (value != OneByteCode.Invalid)
            {
                Assert.Equal(value, code.Encode(code.Decode((byte)value)));
            }
        }
    }

    [Fact]
    public void Encode_AnythingInRange_IsOffByLessThanHalfAStep() =>
        Gen.Double[0.0043, 234.0].Sample(value => Math.Abs((Code.Decode(Code.Encode(value)) / value) - 1) < 0.0445);

    [Fact]
    public void Mantissas_OfEightLevels_AreTheTwelveBitIntegers() =>
        Assert.Equal([2048, 2233, 2435, 2656, 2896, 3158, 3444, 3756], Code.Mantissas.ToArray());
}
