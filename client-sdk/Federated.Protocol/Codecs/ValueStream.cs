using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Federated.Numerics;
using Federated.Numerics.Compression;

namespace Federated.Protocol.Codecs;

/// <summary>
/// n values inside a body, little-endian:
/// <code>
/// 0  1    bits: 32 for float32, 16 for float16, 1 to 8 for codes
/// 1  1    zero
/// 2  2    elements of a block / 8; 0 for one block over all
/// 4  ...  float32: n values. float16: a float32 scale, then n values that are multiplied by it. Codes: a float32 step for each block, then n codes of that many bits (BitPacking)
/// </code>
/// </summary>
internal readonly ref struct ValueStream
{
    public const int SingleBits = 32;
    public const int HalfBits = 16;

    // The largest magnitude comes to lie just below the largest power of two of a float16, so that the smallest ones have the most room.
    private const int HalfExponent = 14;
    private const int LeastExponent = -126;
    private const int Prefix = 4;

    private readonly ReadOnlySpan<float> _floats;
    private readonly ReadOnlySpan<byte> _packed;
    private readonly int _bits;
    private readonly int _block;

    private ValueStream(ReadOnlySpan<float> floats, ReadOnlySpan<byte> packed, int bits, int block)
    {
        _floats = floats;
        _packed = packed;
        _bits = bits;
        _block = block;
    }

    public static long BytesFor(int count, int bits, int block) => bits == SingleBits ? Prefix + (4L * count)
        : bits == HalfBits ? Prefix + sizeof(float) + (2L * count)
        : Prefix + (4L * BlockQuantiser.BlocksOf(count, block)) + BitPacking.BytesFor(count, bits);

    /// <summary>Finds the stream at the start of <paramref name="bytes"/>.</summary>
    public static FrameFault Read(ReadOnlySpan<byte> bytes, int count, out ValueStream stream, out int length)
    {
        stream = default;
        length = 0;
        if (bytes.Length < Prefix)
        {
            return FrameFault.LengthMismatch;
        }

        int bits = bytes[0];
        int block = 8 * BinaryPrimitives.ReadUInt16LittleEndian(bytes[2..]);
        if ((bits is < 1 or > 8 && bits is not (SingleBits or HalfBits)) || bytes[1] != 0 || (bits is SingleBits or HalfBits && block != 0))
        {
            return FrameFault.BadParameter;
        }

        long needed = BytesFor(count, bits, block);
        if (needed > bytes.Length)
        {
            return FrameFault.LengthMismatch;
        }

        length = (int)needed;
        int floats = bits == SingleBits ? count : bits == HalfBits ? 1 : BlockQuantiser.BlocksOf(count, block);
        stream = new ValueStream(
            MemoryMarshal.Cast<byte, float>(bytes.Slice(Prefix, floats * sizeof(float))),
            bytes[(Prefix + (floats * sizeof(float)))..length],
            bits,
            block);
        return bits == HalfBits && !(stream._floats[0] > 0 && float.IsFinite(stream._floats[0])) ? FrameFault.BadParameter : FrameFault.None;
    }

    /// <summary>Writes a stream of float16 values and returns its length. The scale is a power of two, so only the values are rounded.</summary>
    public static int WriteHalves(ReadOnlySpan<float> values, Span<byte> bytes)
    {
        int length = checked((int)BytesFor(values.Length, HalfBits, 0));
        float largest = values.IsEmpty ? 0 : MathF.Abs(TensorPrimitives.MaxMagnitude(values));
        float scale = largest > 0 ? MathF.ScaleB(1, Math.Max(LeastExponent, MathF.ILogB(largest) - HalfExponent)) : 1;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, HalfBits);
        BinaryPrimitives.WriteSingleLittleEndian(bytes[Prefix..], scale);
        Span<byte> halves = bytes[(Prefix + sizeof(float))..length];
        for (int i = 0; i < values.Length; i++)
        {
            BinaryPrimitives.WriteHalfLittleEndian(halves[(i * sizeof(ushort))..], Rounded(values[i], scale));
        }

        return length;
    }

    /// <summary>To the nearest; towards zero where the nearest is no float32 any more when it is multiplied by the scale.</summary>
    private static Half Rounded(float value, float scale)
    {
        var half = (Half)(value / scale);
        return float.IsFinite((float)half * scale) ? half : half > Half.Zero ? Half.BitDecrement(half) : Half.BitIncrement(half);
    }

    /// <summary>Writes a stream and returns its length.</summary>
    public static int Write(ReadOnlySpan<float> values, int bits, int block, CounterRandom? dither, float shrink, Span<byte> bytes)
    {
        int length = checked((int)BytesFor(values.Length, bits, block));
        bytes = bytes[..length];
        bytes[0] = (byte)bits;
        bytes[1] = 0;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[2..], bits == SingleBits ? (ushort)0 : checked((ushort)(block / 8)));
        if (bits == SingleBits)
        {
            MemoryMarshal.AsBytes(values).CopyTo(bytes[Prefix..]);
            return length;
        }

        int steps = BlockQuantiser.BlocksOf(values.Length, block) * sizeof(float);
        BlockQuantiser.Quantise(
            values, bits, block, MemoryMarshal.Cast<byte, float>(bytes.Slice(Prefix, steps)), bytes[(Prefix + steps)..], dither, shrink);
        return length;
    }

    /// <summary>All values.</summary>
    public void Values(Span<float> values)
    {
        if (_bits == SingleBits)
        {
            _floats.CopyTo(values);
            return;
        }

        if (_bits == HalfBits)
        {
            Halves(0, values);
            return;
        }

        BlockQuantiser.Dequantise(_packed, _bits, _block, _floats, values);
    }

    /// <summary>The values from <paramref name="start"/>, a multiple of 8.</summary>
    public void Values(int start, Span<float> values)
    {
        if (_bits == SingleBits)
        {
            _floats.Slice(start, values.Length).CopyTo(values);
            return;
        }

        if (_bits == HalfBits)
        {
            Halves(start, values);
            return;
        }

        while (!values.IsEmpty)
        {
            int block = _block == 0 ? 0 : start / _block;
            int run = _block == 0 ? values.Length : Math.Min(values.Length, ((block + 1) * _block) - start);
            BlockQuantiser.Dequantise(_packed, _bits, _floats[block], start, values[..run]);
            values = values[run..];
            start += run;
        }
    }

    private void Halves(int start, Span<float> values)
    {
        ReducedFloats.FromHalf(MemoryMarshal.Cast<byte, Half>(_packed.Slice(start * sizeof(ushort), values.Length * sizeof(ushort))), values);
        TensorPrimitives.Multiply(values, _floats[0], values);
    }
}
