using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Federated.Numerics.Compression;

/// <summary>
/// Quantises float32 to 1 to 8 bits with one step size a block. With b ≥ 2 bits a code c stands for <c>(c − L) · step</c>, L = 2^(b−1) − 1 and
/// step = largest magnitude of the block / L; with 1 bit for <c>±step</c>, step = mean magnitude of the block (scaled sign; 0 counts as positive).
/// </summary>
/// <remarks>
/// Blocks whose largest magnitude is below 2^-100 are sent as zeros. A result depends on nothing but its input: the same bits on
/// every machine, with and without vector units.
/// </remarks>
public static class BlockQuantiser
{
    private const int Chunk = 1024;
    private const float Tiny = 1f / (1L << 50) / (1L << 50);

    /// <summary>L: codes stand for −L to L steps; 1 for one bit.</summary>
    /// <param name="bits">1 to 8.</param>
    public static int LevelsOf(int bits)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bits, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bits, 8);
        return bits == 1 ? 1 : (1 << (bits - 1)) - 1;
    }

    /// <summary>Number of blocks.</summary>
    /// <param name="count">Elements.</param>
    /// <param name="block">Elements of a block, a multiple of 8; 0 for one block over all.</param>
    public static int BlocksOf(int count, int block)
    {
        if (block % 8 != 0 || block < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(block), block, "A block has a multiple of 8 elements, or 0 for one block over all.");
        }

        return block == 0 ? Math.Min(count, 1) : (int)(((long)count + block - 1) / block);
    }

    /// <summary>Quantises a vector.</summary>
    /// <param name="values">The vector, finite.</param>
    /// <param name="bits">1 to 8.</param>
    /// <param name="block">Elements of a block, a multiple of 8; 0 for one block over all.</param>
    /// <param name="steps">Receives a step size for each block.</param>
    /// <param name="packed">Receives <see cref="BitPacking.BytesFor"/> bytes.</param>
    /// <param name="dither">
    /// Rounds stochastically with these draws, so that each value is right in the mean; null rounds to the nearest, ties to even. Not for 1 bit.
    /// </param>
    /// <param name="shrink">Multiplies the step sizes that are written, in (0, 1]: makes stochastic rounding contractive (<see cref="Contraction"/>).</param>
    public static void Quantise(
        ReadOnlySpan<float> values, int bits, int block, Span<float> steps, Span<byte> packed, CounterRandom? dither = null, float shrink = 1)
    {
        int levels = LevelsOf(bits);
        int blocks = BlocksOf(values.Length, block);
        if (dither is not null && bits == 1)
        {
            throw new ArgumentException("One bit is not rounded stochastically.", nameof(dither));
        }

        int size = block == 0 ? values.Length : block;
        Span<byte> codes = stackalloc byte[Chunk];
        Span<float> noise = stackalloc float[dither is null ? 0 : Chunk];
        for (int b = bits == 4 && dither is null ? Nibbles(values, size, levels, shrink, steps, packed) : 0; b < blocks; b++)
        {
            int start = b * size;
            ReadOnlySpan<float> part = values.Slice(start, Math.Min(size, values.Length - start));
            float largest = FixedLaneSums.LargestMagnitude(part);
            float step = largest < Tiny ? 0 : bits == 1 ? (float)(FixedLaneSums.Magnitudes(part) / part.Length) : largest / levels;
            float inverse = largest < Tiny ? 0 : levels / largest;
            steps[b] = step * shrink;
            int packedBefore = bits == 4 && dither is null && NibbleKernel.IsSupported
                ? NibbleKernel.Pack(part, inverse, levels, packed[(int)BitPacking.BytesFor(start, bits)..])
                : 0;
            for (int at = packedBefore; at < part.Length; at += Chunk)
            {
                ReadOnlySpan<float> chunk = part.Slice(at, Math.Min(Chunk, part.Length - at));
                Span<byte> chunkCodes = codes[..chunk.Length];
                if (bits == 1)
                {
                    Signs(chunk, chunkCodes);
                }
                else if (dither is null)
                {
                    Nearest(chunk, inverse, levels, chunkCodes);
                }
                else
                {
                    dither.FillUniform(noise[..chunk.Length], 0, 1);
                    Stochastic(chunk, inverse, levels, noise, chunkCodes);
                }

                BitPacking.Pack(chunkCodes, bits, packed[(int)BitPacking.BytesFor(start + at, bits)..]);
            }
        }
    }

    /// <summary>Turns a run of codes of one block back into values.</summary>
    /// <param name="packed">The packed codes of the whole vector.</param>
    /// <param name="bits">1 to 8.</param>
    /// <param name="step">The block's step size.</param>
    /// <param name="start">First element of the run, a multiple of 8.</param>
    /// <param name="values">Receives the run.</param>
    public static void Dequantise(ReadOnlySpan<byte> packed, int bits, float step, int start, Span<float> values)
    {
        int levels = LevelsOf(bits);
        int done = bits == 4 && NibbleKernel.IsSupported
            ? NibbleKernel.Unpack(packed[(int)BitPacking.BytesFor(start, bits)..], step, levels, values)
            : 0;
        Span<byte> codes = stackalloc byte[Chunk];
        for (int at = done; at < values.Length; at += Chunk)
        {
            Span<float> chunk = values.Slice(at, Math.Min(Chunk, values.Length - at));
            BitPacking.Unpack(packed[(int)BitPacking.BytesFor(start + at, bits)..], bits, codes[..chunk.Length]);
            Values(codes[..chunk.Length], bits, levels, step, chunk);
        }
    }

    /// <summary>Turns all codes of a vector back into values.</summary>
    /// <param name="packed">The packed codes.</param>
    /// <param name="bits">1 to 8.</param>
    /// <param name="block">Elements of a block; 0 for one block over all.</param>
    /// <param name="steps">The step sizes.</param>
    /// <param name="values">Receives the vector.</param>
    public static void Dequantise(ReadOnlySpan<byte> packed, int bits, int block, ReadOnlySpan<float> steps, Span<float> values)
    {
        int blocks = BlocksOf(values.Length, block);
        int size = block == 0 ? values.Length : block;
        if (bits == 4 && NibbleKernel.Streams(values.Length, size))
        {
            NibbleKernel.Stream(packed[..checked((int)BitPacking.BytesFor(values.Length, bits))], size, steps[..blocks], LevelsOf(bits), values);
            return;
        }

        for (int b = 0; b < blocks; b++)
        {
            int start = b * size;
            Dequantise(packed, bits, steps[b], start, values.Slice(start, Math.Min(size, values.Length - start)));
        }
    }

    /// <summary>Quantises all but the last whole block where the processor has a kernel for it; returns how many blocks are done.</summary>
    private static int Nibbles(ReadOnlySpan<float> values, int size, int levels, float shrink, Span<float> steps, Span<byte> packed)
    {
        int last = size == 0 ? 0 : (values.Length / size) - 1;
        if (last < 1 || !NibbleKernel.PacksBlocks(size))
        {
            return 0;
        }

        float largest = FixedLaneSums.LargestMagnitude(values[..size]);
        for (int b = 0, start = 0; b < last; b++, start += size)
        {
            steps[b] = (largest < Tiny ? 0 : largest / levels) * shrink;
            float inverse = largest < Tiny ? 0 : levels / largest;
            largest = NibbleKernel.PackAndLook(values.Slice(start, size), values.Slice(start + size, size), inverse, levels, packed[(start / 2)..]);
        }

        return last;
    }

    private static void Signs(ReadOnlySpan<float> values, Span<byte> codes)
    {
        for (int i = 0; i < values.Length; i++)
        {
            codes[i] = values[i] < 0 ? (byte)0 : (byte)1;
        }
    }

    private static void Nearest(ReadOnlySpan<float> values, float inverse, int levels, Span<byte> codes)
    {
        int i = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            ref float source = ref MemoryMarshal.GetReference(values);
            ref byte target = ref MemoryMarshal.GetReference(codes);
            var scale = Vector256.Create(inverse);
            var zero = Vector256.Create((float)levels);
            for (; i <= values.Length - 32; i += 32)
            {
                Vector256<short> low = Vector256.Narrow(Code(ref source, i, scale, zero), Code(ref source, i + 8, scale, zero));
                Vector256<short> high = Vector256.Narrow(Code(ref source, i + 16, scale, zero), Code(ref source, i + 24, scale, zero));
                Vector256.Narrow(low.AsUInt16(), high.AsUInt16()).StoreUnsafe(ref target, (nuint)i);
            }
        }

        for (; i < values.Length; i++)
        {
            codes[i] = (byte)(int)(MathF.Round(values[i] * inverse) + levels);
        }
    }

    private static Vector256<int> Code(ref float source, int at, Vector256<float> scale, Vector256<float> zero) =>
        Vector256.ConvertToInt32Native(Vector256.Round(Vector256.LoadUnsafe(ref source, (nuint)at) * scale) + zero);

    private static void Stochastic(ReadOnlySpan<float> values, float inverse, int levels, ReadOnlySpan<float> noise, Span<byte> codes)
    {
        for (int i = 0; i < values.Length; i++)
        {
            // The sum may round up to the next whole number, at the top beyond the last level.
            codes[i] = (byte)(int)Math.Min(MathF.Floor((values[i] * inverse) + noise[i]) + levels, 2 * levels);
        }
    }

    private static void Values(ReadOnlySpan<byte> codes, int bits, int levels, float step, Span<float> values)
    {
        if (bits == 1)
        {
            for (int i = 0; i < codes.Length; i++)
            {
                values[i] = codes[i] == 0 ? -step : step;
            }

            return;
        }

        int done = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            ref byte source = ref MemoryMarshal.GetReference(codes);
            ref float target = ref MemoryMarshal.GetReference(values);
            var scale = Vector256.Create(step);
            var zero = Vector256.Create(levels);
            for (; done <= codes.Length - 32; done += 32)
            {
                (Vector256<ushort> low, Vector256<ushort> high) = Vector256.Widen(Vector256.LoadUnsafe(ref source, (nuint)done));
                Store(low, zero, scale, ref target, done);
                Store(high, zero, scale, ref target, done + 16);
            }
        }

        for (; done < codes.Length; done++)
        {
            values[done] = (codes[done] - levels) * step;
        }
    }

    private static void Store(Vector256<ushort> codes, Vector256<int> zero, Vector256<float> scale, ref float target, int at)
    {
        (Vector256<uint> low, Vector256<uint> high) = Vector256.Widen(codes);
        (Vector256.ConvertToSingle(low.AsInt32() - zero) * scale).StoreUnsafe(ref target, (nuint)at);
        (Vector256.ConvertToSingle(high.AsInt32() - zero) * scale).StoreUnsafe(ref target, (nuint)at + 8);
    }
}
