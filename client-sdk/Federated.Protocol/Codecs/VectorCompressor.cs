using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Federated.Numerics;
using Federated.Numerics.Compression;
using ZstdSharp;

namespace Federated.Protocol.Codecs;

/// <summary>Writes frames: the compressor C of a specification, for vectors of one layout. What C(v) is, its receiver's decoder says. Safe for several threads.</summary>
public sealed class VectorCompressor
{
    private const int ZstdLevel = 1;

    private readonly CompressionSpec _spec;
    private readonly CompressionLayout _layout;

    /// <summary>A compressor for vectors of a layout.</summary>
    /// <param name="spec">What to do; with <see cref="CompressorKind.None"/> frames are dense.</param>
    /// <param name="layout">The vectors.</param>
    public VectorCompressor(CompressionSpec spec, CompressionLayout layout)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(layout);
        _spec = spec;
        _layout = layout;
    }

    /// <summary>Elements of a vector.</summary>
    public int Length => _layout.Length;

    /// <summary>δ that holds for every vector (docs/codecs.md); 0 when there is no bound.</summary>
    public double WorstContraction => CompressionBounds.Worst(_spec, _layout);

    /// <summary>δ that η is set by: the worst case, or where that says nothing (signs, a power step) what a Gaussian vector gives.</summary>
    public double NominalContraction => CompressionBounds.Nominal(_spec, _layout);

    /// <summary>Compresses a vector.</summary>
    /// <param name="vector">The vector, finite.</param>
    /// <param name="draw">Addresses the random draws.</param>
    /// <param name="frame">Receives the frame; at least <see cref="FrameLimits.FrameBytes"/>.</param>
    /// <returns>Bytes of the frame.</returns>
    /// <exception cref="ArgumentException">The vector has another length than the layout, or the memory is too small.</exception>
    public int Compress(ReadOnlySpan<float> vector, CompressionDraw draw, Span<byte> frame)
    {
        CheckLengths(vector, frame);
        return _spec.Kind switch
        {
            CompressorKind.TopK or CompressorKind.RandomMask => Select(vector, draw, frame),
            CompressorKind.Sign or CompressorKind.Quantise => Quantise(vector, draw, frame),
            CompressorKind.PowerStep or CompressorKind.Truncate => Factorise(vector, draw, frame),
            CompressorKind.Half or CompressorKind.Brain => Reduce(vector, frame),
            _ => WriteDense(vector, frame),
        };
    }

    /// <summary>Writes a vector as it is.</summary>
    /// <inheritdoc cref="Compress"/>
    public int WriteDense(ReadOnlySpan<float> vector, Span<byte> frame)
    {
        CheckLengths(vector, frame);
        MemoryMarshal.AsBytes(vector).CopyTo(frame[FrameHeader.Bytes..]);
        return Finish(FrameKind.Dense, vector.Length * sizeof(float), frame);
    }

    private int Reduce(ReadOnlySpan<float> vector, Span<byte> frame)
    {
        Span<byte> body = frame.Slice(FrameHeader.Bytes, vector.Length * sizeof(ushort));
        if (_spec.Kind == CompressorKind.Half)
        {
            ReducedFloats.ToHalf(vector, MemoryMarshal.Cast<byte, Half>(body));
            return Finish(FrameKind.Half, body.Length, frame);
        }

        ReducedFloats.ToBrain(vector, MemoryMarshal.Cast<byte, ushort>(body));
        return Finish(FrameKind.Brain, body.Length, frame);
    }

    private int Quantise(ReadOnlySpan<float> vector, CompressionDraw draw, Span<byte> frame) =>
        Finish(FrameKind.Quantised, WriteValues(vector, draw, frame[FrameHeader.Bytes..]), frame);

    private int WriteValues(ReadOnlySpan<float> values, CompressionDraw draw, Span<byte> body)
    {
        CounterRandom? dither = _spec.Stochastic ? new CounterRandom(draw.Seed, RandomPurpose.Dither, draw.Client, draw.Round) : null;

        // Unbiased noise may be larger than the vector: with feedback it is shrunk until it contracts.
        double shrink = _spec.Stochastic && _spec.Feedback != FeedbackKind.None
            ? Contraction.OfStochasticRounding(_spec.Bits, CompressionBounds.BlockOf(_spec, values.Length))
            : 1;
        return ValueStream.Write(values, _spec.Bits, _spec.Block, dither, (float)shrink, body);
    }

    private int Select(ReadOnlySpan<float> vector, CompressionDraw draw, Span<byte> frame)
    {
        int count = CompressionBounds.KeptOf(_spec, _layout);
        int[] indices = ArrayPool<int>.Shared.Rent(count);
        float[] values = ArrayPool<float>.Shared.Rent(count);
        try
        {
            Span<int> chosen = indices.AsSpan(0, count);
            Choose(vector, draw, chosen);
            Span<float> kept = values.AsSpan(0, count);
            for (int i = 0; i < count; i++)
            {
                kept[i] = vector[chosen[i]];
            }

            return _spec.Kind == CompressorKind.RandomMask
                ? WriteMasked(kept, draw, frame)
                : WriteSparse(chosen, kept, draw, frame);
        }
        finally
        {
            ArrayPool<int>.Shared.Return(indices);
            ArrayPool<float>.Shared.Return(values);
        }
    }

    private void Choose(ReadOnlySpan<float> vector, CompressionDraw draw, Span<int> chosen)
    {
        if (_spec.Kind == CompressorKind.RandomMask)
        {
            SharedMask.Fill(draw.Seed, draw.Round, vector.Length, chosen);
            return;
        }

        if (!_spec.PerLayer)
        {
            TopKSelection.Select(vector, chosen);
            return;
        }

        foreach (CompressionTensor tensor in _layout.Tensors)
        {
            Span<int> part = chosen[..TopKSelection.CountFor(_spec.Ratio, tensor.Length)];
            TopKSelection.Select(vector.Slice(tensor.Start, tensor.Length), part);
            for (int i = 0; i < part.Length; i++)
            {
                part[i] += tensor.Start;
            }

            chosen = chosen[part.Length..];
        }
    }

    private int WriteMasked(ReadOnlySpan<float> kept, CompressionDraw draw, Span<byte> frame)
    {
        Span<byte> body = frame[FrameHeader.Bytes..];
        BinaryPrimitives.WriteUInt64LittleEndian(body, draw.Seed);
        BinaryPrimitives.WriteUInt32LittleEndian(body[8..], draw.Round);
        BinaryPrimitives.WriteInt32LittleEndian(body[12..], kept.Length);
        return Finish(FrameKind.Masked, 16 + WriteValues(kept, draw, body[16..]), frame);
    }

    private int WriteSparse(ReadOnlySpan<int> chosen, ReadOnlySpan<float> kept, CompressionDraw draw, Span<byte> frame)
    {
        Span<byte> body = frame[FrameHeader.Bytes..];
        long length = sizeof(int) + ValueStream.BytesFor(kept.Length, _spec.Bits, _spec.Block);
        int last = -1;
        foreach (int index in chosen)
        {
            length += BytesOf((uint)(index - last - 1));
            last = index;
        }

        if (length > (long)Length * sizeof(float) && _spec.Bits == ValueStream.SingleBits)
        {
            Span<float> dense = MemoryMarshal.Cast<byte, float>(body[..(Length * sizeof(float))]);
            dense.Clear();
            for (int i = 0; i < chosen.Length; i++)
            {
                dense[chosen[i]] = kept[i];
            }

            return Finish(FrameKind.Dense, Length * sizeof(float), frame);
        }

        BinaryPrimitives.WriteInt32LittleEndian(body, kept.Length);
        int at = sizeof(int) + WriteValues(kept, draw, body[sizeof(int)..]);
        last = -1;
        foreach (int index in chosen)
        {
            uint gap = (uint)(index - last - 1);
            for (; gap >= 0x80; gap >>= 7)
            {
                body[at++] = (byte)(gap | 0x80);
            }

            body[at++] = (byte)gap;
            last = index;
        }

        return Finish(FrameKind.Sparse, at, frame);
    }

    private int Factorise(ReadOnlySpan<float> vector, CompressionDraw draw, Span<byte> frame)
    {
        if (CompressionBounds.FactorBytes(_spec, _layout) > FrameLimits.BodyBytes(Length))
        {
            return WriteDense(vector, frame);
        }

        Span<byte> body = frame[FrameHeader.Bytes..];
        int at = 0;
        for (int t = 0; t < _layout.Tensors.Length; t++)
        {
            CompressionTensor tensor = _layout.Tensors[t];
            int rank = CompressionBounds.RankOf(_spec, tensor);
            ReadOnlySpan<float> matrix = vector.Slice(tensor.Start, tensor.Length);
            BinaryPrimitives.WriteInt32LittleEndian(body[at..], tensor.Rows);
            BinaryPrimitives.WriteInt32LittleEndian(body[(at + 4)..], tensor.Columns);
            BinaryPrimitives.WriteInt32LittleEndian(body[(at + 8)..], rank);
            at += 12;
            if (rank == 0)
            {
                MemoryMarshal.AsBytes(matrix).CopyTo(body[at..]);
                at += matrix.Length * sizeof(float);
                continue;
            }

            int floats = rank * (tensor.Rows + tensor.Columns);
            Span<float> factors = MemoryMarshal.Cast<byte, float>(body.Slice(at, floats * sizeof(float)));
            Span<float> left = factors[..(rank * tensor.Rows)];
            Span<float> right = factors[(rank * tensor.Rows)..];
            var start = new CounterRandom(draw.Seed, RandomPurpose.Compression, draw.Round, uint.MaxValue, (uint)t);
            if (_spec.Kind == CompressorKind.Truncate)
            {
                LowRank.Truncate(matrix, tensor.Rows, tensor.Columns, rank, start, left, right);
            }
            else
            {
                LowRank.PowerStep(matrix, tensor.Rows, tensor.Columns, rank, start, left, right);
            }

            at += floats * sizeof(float);
        }

        return Finish(FrameKind.LowRank, at, frame);
    }

    /// <summary>
    /// Writes the header, and Zstandard in the place of the body where that saves at least 1/32. Not tried for float32 values: the bytes that it saves there take their receiver longer than
    /// all the rest.
    /// </summary>
    private int Finish(FrameKind kind, int bodyLength, Span<byte> frame)
    {
        int length = bodyLength;
        bool compressed = false;
        if (_spec.Bits < ValueStream.SingleBits && kind is FrameKind.Quantised or FrameKind.Sparse or FrameKind.Masked && bodyLength >= 64)
        {
            Span<byte> body = frame.Slice(FrameHeader.Bytes, bodyLength);
            int most = bodyLength - (bodyLength / 32);
            byte[] rented = ArrayPool<byte>.Shared.Rent(most);
            using var zstd = new Compressor(ZstdLevel);
            if (zstd.TryWrap(body, rented.AsSpan(0, most), out int written))
            {
                rented.AsSpan(0, written).CopyTo(body);
                (length, compressed) = (written, true);
            }

            ArrayPool<byte>.Shared.Return(rented);
        }

        new FrameHeader(kind, compressed, FrameHeader.Bytes + length, Length, bodyLength).Write(frame);
        return FrameHeader.Bytes + length;
    }

    private static int BytesOf(uint gap) => gap switch
    {
        < 1u << 7 => 1,
        < 1u << 14 => 2,
        < 1u << 21 => 3,
        < 1u << 28 => 4,
        _ => 5,
    };

    private void CheckLengths(ReadOnlySpan<float> vector, Span<byte> frame)
    {
        if (vector.Length != Length || frame.Length < FrameLimits.FrameBytes(Length))
        {
            throw new ArgumentException(
                $"A vector of {vector.Length} elements and {frame.Length} bytes do not fit a layout of {Length} elements and {FrameLimits.FrameBytes(Length)} bytes.");
        }
    }
}
