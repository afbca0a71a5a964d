using Federated.Numerics.SharedRandomness;
using Federated.Protocol.OneByte;

namespace Federated.UnitTests.Protocol.OneByte;

public sealed class OneByteSettingsTests
{
    private static readonly OneByteSettings Plain = new(new byte[16], new byte[32], new byte[32], LearningRate: 5) { Directions = 20, EpsilonExponent = -7, Bias = 32 };

    public static TheoryData<OneByteSettings> All =>
    [
        Plain,
        Plain with { Momentum = 58982 },
        Plain with { Arithmetic = OneByteArithmetic.CanonicalFloat, Noise = NoiseKind.Binomial64 },
        Plain with { Pool = 4096, Normalisation = OneByteNormalisation.SquareRoot },
    ];

    [Theory]
    [MemberData(nameof(All))]
    public void Read_WhatWasWritten_IsTheSame(OneByteSettings settings)
    {
        byte[] bytes = settings.ToBytes();

        Assert.Equal(bytes, OneByteSettings.Read(bytes).ToBytes());
    }

    [Fact]
    public void ToBytes_FixedPointWithoutMomentumAndPool_IsLayoutVersion1()
    {
        Assert.Equal((OneByteSettings.Bytes, 1), (Plain.ToBytes().Length, Plain.ToBytes()[4]));
        Assert.Equal((OneByteSettings.LongBytes, 2), ((Plain with { Momentum = 1 }).ToBytes().Length, (Plain with { Momentum = 1 }).ToBytes()[4]));
    }

    [Fact]
    public void Read_CutLongOrTurnedBytes_ThrowsInvalidDataOnly()
    {
        byte[] good = (Plain with { Momentum = 7 }).ToBytes();
        for (int length = 0; length <= good.Length + 1; length++)
        {
            if (length != good.Length)
            {
                Assert.Throws<InvalidDataException>(() => OneByteSettings.Read([.. good.Concat(new byte[8]).Take(length)]));
            }
        }

        for (int at = 0; at < good.Length; at++)
        {
            byte[] bad = [.. good];
            bad[at] ^= 0xFF;
            if (Record.Exception(() => OneByteSettings.Read(bad)) is { } fault)
            {
                Assert.IsType<InvalidDataException>(fault);
            }
        }
    }

    [Fact]
    public void Fault_TableOfNormals_IsForFloatWeights()
    {
        Assert.Contains("table", (Plain with { Noise = NoiseKind.NormalTable }).Fault(), StringComparison.Ordinal);
        Assert.Null((Plain with { Noise = NoiseKind.NormalTable, Arithmetic = OneByteArithmetic.CanonicalFloat }).Fault());
        Assert.Contains("0 to 3", (Plain with { Noise = (NoiseKind)4 }).Fault(), StringComparison.Ordinal);
    }
}
