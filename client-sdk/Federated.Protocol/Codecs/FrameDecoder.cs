using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Federated.Numerics.Compression;
using ZstdSharp;

namespace Federated.Protocol.Codecs;

/// <summary>
/// Reads frames that may come from anybody: every length, count and index is checked before it is used, and the only memory taken is the
/// decompressed body (at most <see cref="FrameLimits.BodyBytes"/>) and the coordinates of a mask.
/// </summary>
internal static class FrameDecoder
{
    private const int Chunk = 1024;

    /// <summary>Hands the elements to a sink. With a fault the sink may have had some of them.</summary>
    public static FrameFault Decode<TSink>(ReadOnlySpan<byte> frame, int elements, ref TSink sink)
        where TSink : IFrameSink, allows ref struct
    {
        if (FrameHeader.Read(frame, out FrameHeader header) is var fault and not FrameFault.None)
        {
            return fault;
        }

        if (header.Elements != elements)
        {
            return FrameFault.WrongLength;
        }

        if (header.Length > frame.Length)
        {
            return FrameFault.Truncated;
        }

        ReadOnlySpan<byte> body = frame[FrameHeader.Bytes..header.Length];
        if (!header.IsCompressed)
        {
            return DecodeBody(header.Kind, body, elements, ref sink);
        }

        byte[] rented = ArrayPool<byte>.Shared.Rent(header.BodyLength);
        try
        {
            Span<byte> raw = rented.AsSpan(0, header.BodyLength);
            return TryDecompress(body, raw) ? DecodeBody(header.Kind, raw, elements, ref sink) : FrameFault.BadCompression;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private static bool TryDecompress(ReadOnlySpan<byte> body, Span<byte> raw)
    {
        try
        {
            using var decompressor = new Decompressor();
            return decompressor.TryUnwrap(body, raw, out int written) && written == raw.Length;
        }
        catch (ZstdException)
        {
            return false;
        }
    }

    private static FrameFault DecodeBody<TSink>(FrameKind kind, ReadOnlySpan<byte> body, int elements, ref TSink sink)
        where TSink : IFrameSink, allows ref struct => kind switch
        {
            FrameKind.Dense => DecodeDense(body, elements, ref sink),
            FrameKind.Half or FrameKind.Brain => DecodeReduced(kind, body, elements, ref sink),
            FrameKind.Quantised => DecodeQuantised(body, elements, ref sink),
            FrameKind.Sparse => DecodeSparse(body, elements, ref sink),
            FrameKind.Masked => DecodeMasked(body, elements, ref sink),
            _ => DecodeLowRank(body, elements, ref sink),
        };

    private static FrameFault DecodeDense<TSink>(ReadOnlySpan<byte> body, int elements, ref TSink sink)
        where TSink : IFrameSink, allows ref struct
    {
        if (body.Length != elements * (long)sizeof(float))
        {
            return FrameFault.LengthMismatch;
        }

        sink.Run(0, MemoryMarshal.Cast<byte, float>(body));
        return FrameFault.None;
    }

    private static FrameFault DecodeReduced<TSink>(FrameKind kind, ReadOnlySpan<byte> body, int elements, ref TSink sink)
        where TSink : IFrameSink, allows ref struct
    {
        if (body.Length != elements * (long)sizeof(ushort))
        {
            return FrameFault.LengthMismatch;
        }

        Span<float> values = stackalloc float[Chunk];
        for (int start = 0; start < elements; start += Chunk)
        {
            int length = Math.Min(Chunk, elements - start);
            ReadOnlySpan<byte> part = body.Slice(start * sizeof(ushort), length * sizeof(ushort));
            if (kind == FrameKind.Half)
            {
                ReducedFloats.FromHalf(MemoryMarshal.Cast<byte, Half>(part), values);
            }
            else
            {
                ReducedFloats.FromBrain(MemoryMarshal.Cast<byte, ushort>(part), values);
            }

            sink.Run(start, values[..length]);
        }

        return FrameFault.None;
    }

    private static FrameFault DecodeQuantised<TSink>(ReadOnlySpan<byte> body, int elements, ref TSink sink)
        where TSink : IFrameSink, allows ref struct
    {
        if (ValueStream.Read(body, elements, out ValueStream stream, out int length) is var fault and not FrameFault.None)
        {
            return fault;
        }

        if (length != body.Length)
        {
            return FrameFault.LengthMismatch;
        }

        if (sink.Target is { IsEmpty: false } target)
        {
            stream.Values(target);
            return FrameFault.None;
        }

        Span<float> values = stackalloc float[Chunk];
        for (int start = 0; start < elements; start += Chunk)
        {
            Span<float> part = values[..Math.Min(Chunk, elements - start)];
            stream.Values(start, part);
            sink.Run(start, part);
        }

        return FrameFault.None;
    }

    /// <summary>u32 k, the k values, then for each index the distance to the one before it, less one, as an LEB128 number.</summary>
    private static FrameFault DecodeSparse<TSink>(ReadOnlySpan<byte> body, int elements, ref TSink sink)
        where TSink : IFrameSink, allows ref struct
    {
        if (!TryCount(ref body, elements, out int count))
        {
            return FrameFault.BadParameter;
        }

        if (ValueStream.Read(body, count, out ValueStream stream, out int length) is var fault and not FrameFault.None)
        {
            return fault;
        }

        ReadOnlySpan<byte> gaps = body[length..];
        Span<float> values = stackalloc float[Chunk];
        Span<int> indices = stackalloc int[Chunk];
        long index = -1;
        int at = 0;
        for (int start = 0; start < count; start += Chunk)
        {
            int part = Math.Min(Chunk, count - start);
            for (int i = 0; i < part; i++)
            {
                uint gap = at < gaps.Length ? gaps[at++] : uint.MaxValue;
                if (gap >= 0x80 && !TryLongGap(gaps, ref at, ref gap))
                {
                    return FrameFault.LengthMismatch;
                }

                index += 1L + gap;
                if (index >= elements)
                {
                    return FrameFault.BadIndex;
                }

                indices[i] = (int)index;
            }

            stream.Values(start, values[..part]);
            sink.Scatter(indices[..part], values[..part]);
        }

        return at == gaps.Length ? FrameFault.None : FrameFault.LengthMismatch;
    }

    /// <summary>u64 seed, u32 round, u32 k, then the k values at the coordinates of the mask.</summary>
    private static FrameFault DecodeMasked<TSink>(ReadOnlySpan<byte> body, int elements, ref TSink sink)
        where TSink : IFrameSink, allows ref struct
    {
        if (body.Length < 12)
        {
            return FrameFault.LengthMismatch;
        }

        ulong seed = BinaryPrimitives.ReadUInt64LittleEndian(body);
        uint round = BinaryPrimitives.ReadUInt32LittleEndian(body[8..]);
        body = body[12..];
        if (!TryCount(ref body, elements, out int count))
        {
            return FrameFault.BadParameter;
        }

        if (ValueStream.Read(body, count, out ValueStream stream, out int length) is var fault and not FrameFault.None)
        {
            return fault;
        }

        if (length != body.Length)
        {
            return FrameFault.LengthMismatch;
        }

        int[] mask = ArrayPool<int>.Shared.Rent(count);
        SharedMask.Fill(seed, round, elements, mask.AsSpan(0, count));
        Span<float> values = stackalloc float[Chunk];
        for (int start = 0; start < count; start += Chunk)
        {
            Span<float> part = values[..Math.Min(Chunk, count - start)];
            stream.Values(start, part);
            sink.Scatter(mask.AsSpan(start, part.Length), part);
        }

        ArrayPool<int>.Shared.Return(mask);
        return FrameFault.None;
    }

    /// <summary>
    /// Segments until the vector is full: u32 rows, u32 columns, u32 rank, then with rank 0 the matrix itself, otherwise rank left vectors and rank right
    /// vectors, all float32.
    /// </summary>
    private static FrameFault DecodeLowRank<TSink>(ReadOnlySpan<byte> body, int elements, ref TSink sink)
        where TSink : IFrameSink, allows ref struct
    {
        long start = 0;
        while (start < elements)
        {
            if (body.Length < 12)
            {
                return FrameFault.LengthMismatch;
            }

            uint rows = BinaryPrimitives.ReadUInt32LittleEndian(body);
            uint columns = BinaryPrimitives.ReadUInt32LittleEndian(body[4..]);
            uint rank = BinaryPrimitives.ReadUInt32LittleEndian(body[8..]);
            body = body[12..];
            ulong size = (ulong)rows * columns;
            if (size == 0 || size > (ulong)(elements - start) || rank > Math.Min(rows, columns))
            {
                return FrameFault.BadParameter;
            }

            // The rank is at most the smaller dimension, so the factors are at most twice the matrix: no product overflows.
            ulong floats = rank == 0 ? size : rank * ((ulong)rows + columns);
            if (floats * sizeof(float) > (ulong)body.Length)
            {
                return FrameFault.LengthMismatch;
            }

            Segment((int)start, MemoryMarshal.Cast<byte, float>(body[..(int)(floats * sizeof(float))]), (int)rows, (int)columns, (int)rank, ref sink);
            body = body[(int)(floats * sizeof(float))..];
            start += (long)size;
        }

        return body.IsEmpty ? FrameFault.None : FrameFault.LengthMismatch;
    }

    private static void Segment<TSink>(int start, ReadOnlySpan<float> factors, int rows, int columns, int rank, ref TSink sink)
        where TSink : IFrameSink, allows ref struct
    {
        if (rank == 0)
        {
            sink.Run(start, factors);
            return;
        }

        ReadOnlySpan<float> left = factors[..(rank * rows)];
        ReadOnlySpan<float> right = factors[(rank * rows)..];
        float[] rented = ArrayPool<float>.Shared.Rent(columns);
        Span<float> values = rented.AsSpan(0, columns);
        for (int row = 0; row < rows; row++)
        {
            LowRank.Row(left, rows, right, rank, row, values);
            sink.Run(start + (row * columns), values);
        }

        ArrayPool<float>.Shared.Return(rented);
    }

    private static bool TryCount(ref ReadOnlySpan<byte> body, int elements, out int count)
    {
        count = 0;
        if (body.Length < sizeof(uint))
        {
            return false;
        }

        uint value = BinaryPrimitives.ReadUInt32LittleEndian(body);
        body = body[sizeof(uint)..];
        count = (int)Math.Min(value, int.MaxValue);
        return value <= (uint)elements;
    }

    /// <summary>The rest of a gap of several bytes; <paramref name="gap"/> is its first byte, or beyond a byte where the gaps have ended.</summary>
    private static bool TryLongGap(ReadOnlySpan<byte> gaps, ref int at, ref uint gap)
    {
        if (gap > byte.MaxValue)
        {
            return false;
        }

        gap &= 0x7F;
        for (int shift = 7; shift < 35 && at < gaps.Length; shift += 7)
        {
            byte next = gaps[at++];
            gap |= (uint)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return true;
            }
        }

        return false;
    }
}
