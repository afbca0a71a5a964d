using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Federated.Numerics.Compression;

/// <summary>The inner loops of 4-bit quantisation with AVX-512, sixteen elements at a time; the same bits as the general loops of <see cref="BlockQuantiser"/>.</summary>
internal static class NibbleKernel
{
    private const int Lanes = 16;

    /// <summary>A vector beyond this size does not stay in the caches, so it is written past them, which spares reading it before.</summary>
    private const long StreamedBytes = 16 << 20;

    public static bool IsSupported => Avx512F.IsSupported;

    /// <summary>Whether <see cref="Stream"/> is for a vector like this.</summary>
    public static bool Streams(int count, int block) => IsSupported && count * (long)sizeof(float) >= StreamedBytes && block >= Lanes;

    /// <summary>Rounds to the nearest, ties to even, and packs; returns how many elements are done, a multiple of 16.</summary>
    public static int Pack(ReadOnlySpan<float> values, float inverse, int levels, Span<byte> packed)
    {
        ref float source = ref MemoryMarshal.GetReference(values);
        ref byte target = ref MemoryMarshal.GetReference(packed);
        var scale = Vector512.Create(inverse);
        var zero = Vector512.Create(levels);
        int i = 0;
        for (; i <= values.Length - Lanes; i += Lanes)
        {
            // Two codes stand in the halves of each 64 bits: the upper one moves down beside the lower one, and the lowest bytes are kept.
            Vector512<ulong> pairs = (Avx512F.ConvertToVector512Int32(Vector512.LoadUnsafe(ref source, (nuint)i) * scale) + zero).AsUInt64();
            Vector128<byte> bytes = Avx512F.ConvertToVector128Byte(pairs | (pairs >>> 28));
            Unsafe.WriteUnaligned(ref Unsafe.Add(ref target, i / 2), bytes.AsUInt64().ToScalar());
        }

        return i;
    }

    /// <summary>Whether <see cref="PackAndLook"/> is for blocks of this size.</summary>
    public static bool PacksBlocks(int block) => IsSupported && block % Lanes == 0;

    /// <summary>Packs a block and finds the largest magnitude of the next one, so that what comes from memory comes while there is work.</summary>
    public static float PackAndLook(ReadOnlySpan<float> values, ReadOnlySpan<float> next, float inverse, int levels, Span<byte> packed)
    {
        ref float source = ref MemoryMarshal.GetReference(values);
        ref int ahead = ref Unsafe.As<float, int>(ref MemoryMarshal.GetReference(next));
        ref byte target = ref MemoryMarshal.GetReference(packed);
        var scale = Vector512.Create(inverse);
        var zero = Vector512.Create(levels);
        var mask = Vector512.Create(int.MaxValue);
        Vector512<int> largest = Vector512<int>.Zero;
        for (int i = 0; i < values.Length; i += Lanes)
        {
            largest = Vector512.Max(largest, Vector512.LoadUnsafe(ref ahead, (nuint)i) & mask);
            Vector512<ulong> pairs = (Avx512F.ConvertToVector512Int32(Vector512.LoadUnsafe(ref source, (nuint)i) * scale) + zero).AsUInt64();
            Vector128<byte> bytes = Avx512F.ConvertToVector128Byte(pairs | (pairs >>> 28));
            Unsafe.WriteUnaligned(ref Unsafe.Add(ref target, i / 2), bytes.AsUInt64().ToScalar());
        }

        return BitConverter.Int32BitsToSingle(FixedLaneSums.Largest(Vector256.Max(largest.GetLower(), largest.GetUpper())));
    }

    /// <summary>Turns codes of one block into values; returns how many elements are done, a multiple of 16.</summary>
    public static int Unpack(ReadOnlySpan<byte> packed, float step, int levels, Span<float> values)
    {
        ref byte source = ref MemoryMarshal.GetReference(packed);
        ref float target = ref MemoryMarshal.GetReference(values);
        Vector512<float> table = Table(step, levels);
        int i = 0;
        for (; i <= values.Length - Lanes; i += Lanes)
        {
            Look(Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref source, i / 2)), table).StoreUnsafe(ref target, (nuint)i);
        }

        return i;
    }

    /// <summary>Turns the codes of a large vector into values, in whole cache lines past the caches.</summary>
    public static unsafe void Stream(ReadOnlySpan<byte> packed, int block, ReadOnlySpan<float> steps, int levels, Span<float> values)
    {
        fixed (float* target = values)
        {
            ref byte source = ref MemoryMarshal.GetReference(packed);
            int i = 0;
            for (; ((nuint)(target + i) & 63) != 0; i++)
            {
                target[i] = Single(packed, i, steps[i / block], levels);
            }

            // A line takes 16 codes that may begin in the middle of a byte; the eight bytes from its fifth on must be there.
            int shift = 4 * (i & 1);
            int b = i / block;
            int end = (b + 1) * block;
            Vector512<float> table = Table(steps[b], levels);
            for (; i <= values.Length - Lanes && (i / 2) + 12 <= packed.Length; i += Lanes)
            {
                ref byte at = ref Unsafe.Add(ref source, i / 2);
                ulong codes = (uint)(Unsafe.ReadUnaligned<ulong>(ref at) >> shift) | (Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref at, 4)) >> shift << 32);
                Vector512<float> line = Look(codes, table);
                if (i + Lanes >= end && ++b < steps.Length)
                {
                    table = Table(steps[b], levels);
                    line = Vector512.ConditionalSelect(Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(end - i)).AsSingle(), line, Look(codes, table));
                    end += block;
                }

                line.StoreAlignedNonTemporal(target + i);
            }

            Sse.StoreFence();
            for (; i < values.Length; i++)
            {
                target[i] = Single(packed, i, steps[i / block], levels);
            }
        }
    }

    /// <summary>The values of the sixteen codes.</summary>
    private static Vector512<float> Table(float step, int levels) =>
        Vector512.ConvertToSingle(Vector512<int>.Indices - Vector512.Create(levels)) * Vector512.Create(step);

    /// <summary>Eight codes stand in each half: every lane shifts its own down, and the look-up heeds its four lowest bits only.</summary>
    private static Vector512<float> Look(ulong codes, Vector512<float> table)
    {
        Vector512<uint> words = Avx512F.PermuteVar16x32(
            Vector512.CreateScalarUnsafe(codes).AsUInt32(), Vector512.Create(0u, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1));
        Vector512<uint> places = Avx512F.ShiftRightLogicalVariable(
            words, Vector512.Create(0u, 4, 8, 12, 16, 20, 24, 28, 0, 4, 8, 12, 16, 20, 24, 28));
        return Avx512F.PermuteVar16x32(table, places.AsInt32());
    }

    private static float Single(ReadOnlySpan<byte> packed, int i, float step, int levels) =>
        (((packed[i / 2] >> (4 * (i & 1))) & 15) - levels) * step;
}
