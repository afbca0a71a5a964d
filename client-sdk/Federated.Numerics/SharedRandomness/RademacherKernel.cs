using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Federated.Numerics.SharedRandomness;

/// <summary><c>w ← w − c · z</c> for ±1 directions: one random bit an element decides a sign, no direction is written anywhere.</summary>
internal static class RademacherKernel
{
    private const int Words = 128;
    private const int Chunk = 32 * Words;
    private const int ElementsPerBlock = 128;

    public static void Subtract(Span<float> weights, DirectionKey key, uint firstBlock, float coefficient)
    {
        Span<uint> words = stackalloc uint[Words];
        for (int start = 0; start < weights.Length; start += Chunk)
        {
            Span<float> part = weights.Slice(start, Math.Min(Chunk, weights.Length - start));
            Fill(words, part.Length, key, firstBlock + (uint)(start / ElementsPerBlock));
            Subtract(part, words, coefficient);
        }
    }

    public static void Subtract(Span<long> master, DirectionKey key, uint firstBlock, long coefficient)
    {
        Span<uint> words = stackalloc uint[Words];
        for (int start = 0; start < master.Length; start += Chunk)
        {
            Span<long> part = master.Slice(start, Math.Min(Chunk, master.Length - start));
            Fill(words, part.Length, key, firstBlock + (uint)(start / ElementsPerBlock));
            Subtract(part, words, coefficient);
        }
    }

    private static void Fill(Span<uint> words, int elements, DirectionKey key, uint block) => Philox4x32.Fill(
        block, key.Stream(RandomPurpose.Perturbation), key.Round, key.Machine, key.Key0, key.Key1, words[..((elements + 31) / 32)]);

    private static void Subtract(Span<float> part, ReadOnlySpan<uint> words, float coefficient)
    {
        int i = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            ref float target = ref MemoryMarshal.GetReference(part);
            var lanes = Vector256.Create(1, 2, 4, 8, 16, 32, 64, 128);
            var sign = Vector256.Create(int.MinValue);
            var positive = Vector256.Create(coefficient).AsInt32();
            for (; i <= part.Length - 32; i += 32)
            {
                // A set bit is −1: it turns the coefficient's sign.
                Vector256<int> bits = Vector256.Create((int)words[i >> 5]);
                for (int k = 0; k < 4; k++)
                {
                    Vector256<float> signed = (positive ^ (Vector256.Equals(bits & lanes, lanes) & sign)).AsSingle();
                    (Vector256.LoadUnsafe(ref target, (nuint)(i + (8 * k))) - signed).StoreUnsafe(ref target, (nuint)(i + (8 * k)));
                    bits >>>= 8;
                }
            }
        }

        for (; i < part.Length; i++)
        {
            part[i] -= ((words[i >> 5] >> (i & 31)) & 1) == 0 ? coefficient : -coefficient;
        }
    }

    private static void Subtract(Span<long> part, ReadOnlySpan<uint> words, long coefficient)
    {
        int i = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            ref long target = ref MemoryMarshal.GetReference(part);
            var lanes = Vector256.Create(1L, 2, 4, 8);
            var positive = Vector256.Create(coefficient);
            for (; i <= part.Length - 4; i += 4)
            {
                Vector256<long> bits = Vector256.Create((long)(words[i >> 5] >> (i & 31)));
                Vector256<long> isSet = Vector256.Equals(bits & lanes, lanes);
                Vector256<long> signed = (positive ^ isSet) - isSet;
                (Vector256.LoadUnsafe(ref target, (nuint)i) - signed).StoreUnsafe(ref target, (nuint)i);
            }
        }

        for (; i < part.Length; i++)
        {
            part[i] = unchecked(part[i] - (((words[i >> 5] >> (i & 31)) & 1) == 0 ? coefficient : -coefficient));
        }
    }
}
