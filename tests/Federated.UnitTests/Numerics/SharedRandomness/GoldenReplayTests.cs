using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Federated.Numerics.SharedRandomness;

namespace Federated.UnitTests.Numerics.SharedRandomness;

/// <summary>
/// Ten rounds of two machines on 1000 zeros, q = 40, η = 0.01; the hashes were found by two implementations written
/// independently of each other.
/// </summary>
public sealed class GoldenReplayTests
{
    private const long LearningRate = 10995116278;
    private const int FractionBits = 40;

    private static readonly OneByteCode Code = new();

    private static IEnumerable<(uint Round, uint Machine)> Records =>
        from round in Enumerable.Range(0, 10) from machine in Enumerable.Range(0, 2) select ((uint)round, (uint)machine);

    [Theory]
    [InlineData(NoiseKind.Rademacher, "5157fc91b7612128fba58cb6d009e2d840ec60b0845b0b4cec4df79d44d636da")]
    [InlineData(NoiseKind.Binomial16, "295c2bb964f5e03b212c6c2a9d03791a9f9e46557d541b8b48607eebb7212079")]
    public void FixedPoint_GoldenRun_HasTheKnownHash_InAnyOrder(NoiseKind kind, string expected)
    {
        foreach (IEnumerable<(uint, uint)> order in new[] { Records, Records.Reverse(), Records.OrderBy(record => record.Machine) })
        {
            long[] master = new long[1000];
            foreach ((uint round, uint machine) in order)
            {
                FixedPointUpdate.Apply(master, kind, Key(round, machine), 0, Coefficient(kind, round, machine));
            }

            Assert.Equal(expected, Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes<long>(master))));
        }
    }

    [Fact]
    public void FixedPoint_GoldenRun_StartsWithTheKnownIntegers()
    {
        long[] master = new long[1000];
        foreach ((uint round, uint machine) in Records)
        {
            FixedPointUpdate.Apply(master, NoiseKind.Rademacher, Key(round, machine), 0, Coefficient(NoiseKind.Rademacher, round, machine));
        }

        Assert.Equal([640189433131, 1285417420747, -326108457213], master[..3]);
    }

    [Theory]
    [InlineData(NoiseKind.Rademacher, "1f03b9d01dd60f9927cb387d0ceaf128e9658aa220c8adf7cae2982c7bd0d82e")]
    [InlineData(NoiseKind.Binomial16, "091e621ecb766a0c86693eaed32ec3a8c6a0583840ea44a8208ada90bd8f5ad3")]
    public void CanonicalFloat_GoldenRun_HasTheKnownHash(NoiseKind kind, string expected)
    {
        float[] weights = new float[1000];
        foreach ((uint round, uint machine) in Records)
        {
            float coefficient = CanonicalFloatUpdate.Coefficient(
                Coefficient(kind, round, machine), SharedDirection.Denominator(kind), FractionBits);
            CanonicalFloatUpdate.Apply(weights, kind, Key(round, machine), 0, coefficient);
        }

        Assert.Equal(expected, Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes<float>(weights))));
    }

    private static DirectionKey Key(uint round, uint machine) => new(0x01234567, 0x89abcdef, round, machine);

    private static byte Sent(uint round, uint machine) => (byte)((37 * round) + (101 * machine) + 5);

    private static long Coefficient(NoiseKind kind, uint round, uint machine)
    {
        int count = Enumerable.Range(0, 2).Count(other => Sent(round, (uint)other) != OneByteCode.Invalid);
        byte sent = Sent(round, machine);
        return sent == OneByteCode.Invalid ? 0 : FixedPointUpdate.Coefficient(Code, sent, LearningRate, count, SharedDirection.Denominator(kind));
    }
}
