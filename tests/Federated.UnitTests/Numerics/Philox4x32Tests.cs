using System.Runtime.Intrinsics.X86;
using Federated.Numerics;

namespace Federated.UnitTests.Numerics;

/// <summary>Known answers of random123's <c>kat_vectors</c>.</summary>
public sealed class Philox4x32Tests
{
    [Theory]
    [InlineData(10, 0u, 0u, 0u, 0u, 0u, 0u, 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u)]
    [InlineData(10, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, 0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu)]
    [InlineData(10, 0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u, 0xa4093822u, 0x299f31d0u, 0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u)]
    [InlineData(7, 0u, 0u, 0u, 0u, 0u, 0u, 0x5f6fb709u, 0x0d893f64u, 0x4f121f81u, 0x4f730a48u)]
    [InlineData(7, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, 0x5207ddc2u, 0x45165e59u, 0x4d8ee751u, 0x8c52f662u)]
    [InlineData(7, 0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u, 0xa4093822u, 0x299f31d0u, 0x4dfccabau, 0x190a87f0u, 0xc47362bau, 0xb6b5242au)]
    [InlineData(1, 0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u, 0xa4093822u, 0x299f31d0u, 0x2efd7704u, 0xad2d4ba2u, 0x3728c377u, 0xb37e0218u)]
    public void Block_KnownInput_GivesTheKnownAnswer(
        int rounds, uint c0, uint c1, uint c2, uint c3, uint k0, uint k1, uint w0, uint w1, uint w2, uint w3) =>
        Assert.Equal((w0, w1, w2, w3), Philox4x32.Block(c0, c1, c2, c3, k0, k1, rounds));

    [Theory]
    [InlineData(10, 0u)]
    [InlineData(7, 12345u)]
    [InlineData(10, 0xFFFFFFF0u)]
    public void Fill_EveryLengthAndInstructionSet_GivesTheWordsOfBlock(int rounds, uint first)
    {
        uint[] expected = new uint[333];
        for (int i = 0; i < expected.Length; i++)
        {
            (uint w0, uint w1, uint w2, uint w3) = Philox4x32.Block(first + (uint)(i / 4), 1, 2, 3, 4, 5, rounds);
            expected[i] = (i % 4) switch { 0 => w0, 1 => w1, 2 => w2, _ => w3 };
        }

        uint[] words = new uint[expected.Length];
        for (int length = 0; length <= words.Length; length++)
        {
            Philox4x32.Fill(first, 1, 2, 3, 4, 5, words.AsSpan(0, length), rounds);
            Assert.Equal(expected.AsSpan(0, length), words.AsSpan(0, length));
        }

        Philox4x32.FillScalar(first, 1, 2, 3, 4, 5, words, rounds);
        Assert.Equal(expected, words);
        if (Avx2.IsSupported)
        {
            Array.Clear(words);
            int done = Philox4x32.Fill256(first, 1, 2, 3, 4, 5, words, rounds);
            Assert.Equal(expected.AsSpan(0, done), words.AsSpan(0, done));
            Assert.Equal(320, done);
        }
    }
}
