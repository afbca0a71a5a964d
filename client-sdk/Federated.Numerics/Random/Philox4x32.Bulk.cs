using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Federated.Numerics;

public static partial class Philox4x32
{
    /// <summary>
    /// Fills <paramref name="destination"/> with the words of consecutive blocks: the counters
    /// (c0, c1, c2, c3), (c0 + 1, c1, c2, c3), and so on. Only word 0 counts, and it wraps. The same words as <see cref="Block"/>.
    /// </summary>
    /// <param name="c0">Word 0 of the first counter.</param>
    /// <param name="c1">Counter word 1.</param>
    /// <param name="c2">Counter word 2.</param>
    /// <param name="c3">Counter word 3.</param>
    /// <param name="k0">Key word 0.</param>
    /// <param name="k1">Key word 1.</param>
    /// <param name="destination">Receives the words; the last block is cut when the length is not a multiple of four.</param>
    /// <param name="rounds">Rounds, at least 1.</param>
    public static void Fill(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1, Span<uint> destination, int rounds = StandardRounds)
    {
        var done = 0;
        if (Avx512F.IsSupported)
        {
            done = Fill512(c0, c1, c2, c3, k0, k1, destination, rounds);
        }
        else if (Avx2.IsSupported)
        {
            done = Fill256(c0, c1, c2, c3, k0, k1, destination, rounds);
        }

        FillScalar(c0 + (uint)(done / 4), c1, c2, c3, k0, k1, destination[done..], rounds);
    }

    internal static void FillScalar(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1, Span<uint> destination, int rounds)
    {
        Span<uint> words = stackalloc uint[4];
        for (var i = 0; i < destination.Length; i += 4)
        {
            (words[0], words[1], words[2], words[3]) = Block(c0 + (uint)(i / 4), c1, c2, c3, k0, k1, rounds);
            words[..Math.Min(4, destination.Length - i)].CopyTo(destination[i..]);
        }
    }

    // Each 64-bit lane holds one 32-bit word of one block. The widening multiplication reads only the low half of a lane, so
    // the high halves may hold rubbish until the words are packed. The lanes take the blocks in the order in which the two
    // unpack instructions leave them, so that the stores are in block order.
    internal static int Fill512(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1, Span<uint> destination, int rounds)
    {
        const int Words = 64;
        var low = Vector512.Create(0xFFFFFFFFUL);
        var m0 = Vector512.Create((ulong)Multiplier0).AsUInt32();
        var m1 = Vector512.Create((ulong)Multiplier1).AsUInt32();
        var order = Vector512.Create(0UL, 4, 1, 5, 2, 6, 3, 7);
        ref var target = ref MemoryMarshal.GetReference(destination);
        var done = 0;
        for (; done + Words <= destination.Length; done += Words)
        {
            var block = (ulong)c0 + (uint)(done / 4);
            var a0 = Vector512.Create(block) + order;
            var b0 = a0 + Vector512.Create(8UL);
            var a1 = Vector512.Create((ulong)c1);
            var a2 = Vector512.Create((ulong)c2);
            var a3 = Vector512.Create((ulong)c3);
            var (b1, b2, b3) = (a1, a2, a3);
            (uint word0, uint word1) = (k0, k1);
            for (var round = 0; round < rounds; round++)
            {
                var key0 = Vector512.Create((ulong)word0);
                var key1 = Vector512.Create((ulong)word1);
                var pa0 = Avx512F.Multiply(a0.AsUInt32(), m0);
                var pa1 = Avx512F.Multiply(a2.AsUInt32(), m1);
                var pb0 = Avx512F.Multiply(b0.AsUInt32(), m0);
                var pb1 = Avx512F.Multiply(b2.AsUInt32(), m1);
                a0 = (pa1 >>> 32) ^ a1 ^ key0;
                a2 = (pa0 >>> 32) ^ a3 ^ key1;
                b0 = (pb1 >>> 32) ^ b1 ^ key0;
                b2 = (pb0 >>> 32) ^ b3 ^ key1;
                (a1, a3, b1, b3) = (pa1, pa0, pb1, pb0);
                word0 += Weyl0;
                word1 += Weyl1;
            }

            Store512(ref Unsafe.Add(ref target, done), (a0 & low) | (a1 << 32), (a2 & low) | (a3 << 32));
            Store512(ref Unsafe.Add(ref target, done + 32), (b0 & low) | (b1 << 32), (b2 & low) | (b3 << 32));
        }

        return done;
    }

    internal static int Fill256(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1, Span<uint> destination, int rounds)
    {
        const int Words = 32;
        var low = Vector256.Create(0xFFFFFFFFUL);
        var m0 = Vector256.Create((ulong)Multiplier0).AsUInt32();
        var m1 = Vector256.Create((ulong)Multiplier1).AsUInt32();
        var order = Vector256.Create(0UL, 2, 1, 3);
        ref var target = ref MemoryMarshal.GetReference(destination);
        var done = 0;
        for (; done + Words <= destination.Length; done += Words)
        {
            var block = (ulong)c0 + (uint)(done / 4);
            var a0 = Vector256.Create(block) + order;
            var b0 = a0 + Vector256.Create(4UL);
            var a1 = Vector256.Create((ulong)c1);
            var a2 = Vector256.Create((ulong)c2);
            var a3 = Vector256.Create((ulong)c3);
            var (b1, b2, b3) = (a1, a2, a3);
            (uint word0, uint word1) = (k0, k1);
            for (var round = 0; round < rounds; round++)
            {
                var key0 = Vector256.Create((ulong)word0);
                var key1 = Vector256.Create((ulong)word1);
                var pa0 = Avx2.Multiply(a0.AsUInt32(), m0);
                var pa1 = Avx2.Multiply(a2.AsUInt32(), m1);
                var pb0 = Avx2.Multiply(b0.AsUInt32(), m0);
                var pb1 = Avx2.Multiply(b2.AsUInt32(), m1);
                a0 = (pa1 >>> 32) ^ a1 ^ key0;
                a2 = (pa0 >>> 32) ^ a3 ^ key1;
                b0 = (pb1 >>> 32) ^ b1 ^ key0;
                b2 = (pb0 >>> 32) ^ b3 ^ key1;
                (a1, a3, b1, b3) = (pa1, pa0, pb1, pb0);
                word0 += Weyl0;
                word1 += Weyl1;
            }

            Store256(ref Unsafe.Add(ref target, done), (a0 & low) | (a1 << 32), (a2 & low) | (a3 << 32));
            Store256(ref Unsafe.Add(ref target, done + 16), (b0 & low) | (b1 << 32), (b2 & low) | (b3 << 32));
        }

        return done;
    }

    private static void Store512(ref uint target, Vector512<ulong> words01, Vector512<ulong> words23)
    {
        Avx512F.UnpackLow(words01, words23).AsUInt32().StoreUnsafe(ref target);
        Avx512F.UnpackHigh(words01, words23).AsUInt32().StoreUnsafe(ref target, 16);
    }

    private static void Store256(ref uint target, Vector256<ulong> words01, Vector256<ulong> words23)
    {
        Avx2.UnpackLow(words01, words23).AsUInt32().StoreUnsafe(ref target);
        Avx2.UnpackHigh(words01, words23).AsUInt32().StoreUnsafe(ref target, 8);
    }
}
