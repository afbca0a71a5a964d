using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Federated.Numerics.Compression;

/// <summary>
/// Numbers of 1 to 8 bits one after another, the first in the lowest bits of the first byte: eight numbers of b bits are b bytes, as in a little-endian integer.
/// </summary>
public static class BitPacking
{
    private const ulong Ones = 0x0101010101010101;

    /// <summary>Bytes that packed numbers take.</summary>
    /// <param name="count">Numbers.</param>
    /// <param name="bits">Bits of each, 1 to 8.</param>
    public static long BytesFor(long count, int bits) => ((count * bits) + 7) / 8;

    /// <summary>Packs numbers.</summary>
    /// <param name="codes">The numbers, each below 2^bits.</param>
    /// <param name="bits">Bits of each, 1 to 8.</param>
    /// <param name="packed">Receives <see cref="BytesFor"/> bytes.</param>
    public static void Pack(ReadOnlySpan<byte> codes, int bits, Span<byte> packed)
    {
        CheckBits(bits);
        packed = packed[..checked((int)BytesFor(codes.Length, bits))];
        if (bits == 8)
        {
            codes.CopyTo(packed);
            return;
        }

        int at = 0;
        int first = 0;
        if (bits == 4 && Vector256.IsHardwareAccelerated)
        {
            first = PackNibbles(codes, packed);
            at = first / 2;
        }
        else if (Bmi2.X64.IsSupported)
        {
            // Whole groups whose eight written bytes stay inside; what they write too much the next group overwrites.
            ulong mask = Ones * ((1u << bits) - 1);
            ref byte source = ref MemoryMarshal.GetReference(codes);
            ref byte target = ref MemoryMarshal.GetReference(packed);
            for (; first <= codes.Length - 8 && at <= packed.Length - 8; first += 8, at += bits)
            {
                Unsafe.WriteUnaligned(
                    ref Unsafe.Add(ref target, at), Bmi2.X64.ParallelBitExtract(Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref source, first)), mask));
            }
        }

        Span<byte> last = stackalloc byte[8];
        for (int i = first; i < codes.Length; i += 8, at += bits)
        {
            ulong spread;
            if (codes.Length - i >= 8)
            {
                spread = BinaryPrimitives.ReadUInt64LittleEndian(codes[i..]);
            }
            else
            {
                last.Clear();
                codes[i..].CopyTo(last);
                spread = BinaryPrimitives.ReadUInt64LittleEndian(last);
            }

            ulong dense = Gather(spread, bits);
            if (packed.Length - at >= 8)
            {
                BinaryPrimitives.WriteUInt64LittleEndian(packed[at..], dense);
                continue;
            }

            for (int k = at; k < Math.Min(at + bits, packed.Length); k++, dense >>= 8)
            {
                packed[k] = (byte)dense;
            }
        }
    }

    /// <summary>Unpacks numbers.</summary>
    /// <param name="packed">At least <see cref="BytesFor"/> bytes.</param>
    /// <param name="bits">Bits of each, 1 to 8.</param>
    /// <param name="codes">Receives the numbers.</param>
    public static void Unpack(ReadOnlySpan<byte> packed, int bits, Span<byte> codes)
    {
        CheckBits(bits);
        packed = packed[..checked((int)BytesFor(codes.Length, bits))];
        if (bits == 8)
        {
            packed.CopyTo(codes);
            return;
        }

        int at = 0;
        int first = 0;
        if (Bmi2.X64.IsSupported)
        {
            ulong mask = Ones * ((1u << bits) - 1);
            ref byte source = ref MemoryMarshal.GetReference(packed);
            ref byte target = ref MemoryMarshal.GetReference(codes);
            for (; first <= codes.Length - 8 && at <= packed.Length - 8; first += 8, at += bits)
            {
                Unsafe.WriteUnaligned(
                    ref Unsafe.Add(ref target, first), Bmi2.X64.ParallelBitDeposit(Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref source, at)), mask));
            }
        }

        Span<byte> last = stackalloc byte[8];
        for (int i = first; i < codes.Length; i += 8, at += bits)
        {
            ulong dense = 0;
            if (packed.Length - at >= 8)
            {
                dense = BinaryPrimitives.ReadUInt64LittleEndian(packed[at..]);
            }
            else
            {
                for (int k = Math.Min(at + bits, packed.Length) - 1; k >= at; k--)
                {
                    dense = (dense << 8) | packed[k];
                }
            }

            ulong spread = Scatter(dense, bits);
            if (codes.Length - i >= 8)
            {
                BinaryPrimitives.WriteUInt64LittleEndian(codes[i..], spread);
            }
            else
            {
                BinaryPrimitives.WriteUInt64LittleEndian(last, spread);
                last[..(codes.Length - i)].CopyTo(codes[i..]);
            }
        }
    }

    private static int PackNibbles(ReadOnlySpan<byte> codes, Span<byte> packed)
    {
        ref byte source = ref MemoryMarshal.GetReference(codes);
        ref byte target = ref MemoryMarshal.GetReference(packed);
        var low = Vector256.Create((ushort)0xFF);
        int i = 0;
        for (; i <= codes.Length - 64; i += 64)
        {
            Vector256<ushort> a = Vector256.LoadUnsafe(ref source, (nuint)i).AsUInt16();
            Vector256<ushort> b = Vector256.LoadUnsafe(ref source, (nuint)i + 32).AsUInt16();
            Vector256.Narrow((a | (a >>> 4)) & low, (b | (b >>> 4)) & low).StoreUnsafe(ref target, (nuint)(i / 2));
        }

        return i;
    }

    private static ulong Gather(ulong spread, int bits)
    {
        if (Bmi2.X64.IsSupported)
        {
            return Bmi2.X64.ParallelBitExtract(spread, Ones * ((1u << bits) - 1));
        }

        ulong dense = 0;
        for (int k = 0; k < 8; k++)
        {
            dense |= ((spread >> (8 * k)) & 0xFF) << (bits * k);
        }

        return dense;
    }

    private static ulong Scatter(ulong dense, int bits)
    {
        if (Bmi2.X64.IsSupported)
        {
            return Bmi2.X64.ParallelBitDeposit(dense, Ones * ((1u << bits) - 1));
        }

        ulong mask = (1u << bits) - 1;
        ulong spread = 0;
        for (int k = 0; k < 8; k++)
        {
            spread |= ((dense >> (bits * k)) & mask) << (8 * k);
        }

        return spread;
    }

    private static void CheckBits(int bits)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bits, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bits, 8);
    }
}
