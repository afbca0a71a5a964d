namespace Federated.Protocol.Codecs;

/// <summary>
/// Reads frames: compressed float32 vectors that describe themselves (docs/codecs.md). Both ends of the wire decode with this class, so they hold the same bits.
/// </summary>
public static class Frames
{
    /// <summary>Bytes of a frame's header, which tells the frame's length.</summary>
    public const int HeaderBytes = FrameHeader.Bytes;

    /// <summary>Bytes of a frame.</summary>
    /// <param name="header">Its first <see cref="HeaderBytes"/> bytes.</param>
    /// <exception cref="InvalidDataException">They are no frame's header.</exception>
    public static int LengthOf(ReadOnlySpan<byte> header) => FrameHeader.Read(header, out FrameHeader read) is var fault and not FrameFault.None
        ? throw new InvalidDataException($"The bytes do not begin with a frame's header: {fault}.")
        : read.Length;

    /// <summary>The kind of a frame and its whole length.</summary>
    /// <param name="bytes">Begins with a frame.</param>
    /// <param name="kind">What its body is.</param>
    /// <param name="length">Its bytes.</param>
    /// <returns>Whether the bytes begin with a frame's header and hold the whole frame.</returns>
    public static bool TryPeek(ReadOnlySpan<byte> bytes, out FrameKind kind, out int length)
    {
        FrameFault fault = FrameHeader.Read(bytes, out FrameHeader header);
        (kind, length) = (header.Kind, header.Length);
        return fault == FrameFault.None && header.Length <= bytes.Length;
    }

    /// <summary>Checks a frame from outside, every byte of it, and measures its vector.</summary>
    /// <param name="frame">Exactly one frame.</param>
    /// <param name="elements">Elements that the vector must have.</param>
    public static FrameMeasure Measure(ReadOnlySpan<byte> frame, int elements)
    {
        var sink = new MeasuringSink();
        FrameFault fault = FrameDecoder.Decode(frame, elements, ref sink);
        if (fault == FrameFault.None && FrameHeader.Read(frame, out FrameHeader header) == FrameFault.None && header.Length != frame.Length)
        {
            fault = FrameFault.LengthMismatch;
        }

        // A square of a finite float32 fits a float64, so the sum is finite exactly when every element is.
        return fault == FrameFault.None && !double.IsFinite(sink.SumOfSquares)
            ? new FrameMeasure(FrameFault.NotFinite, 0)
            : new FrameMeasure(fault, sink.SumOfSquares);
    }

    /// <summary>Turns a frame back into a vector.</summary>
    /// <param name="frame">Begins with a frame.</param>
    /// <param name="values">Receives the vector; as long as the frame's.</param>
    /// <exception cref="InvalidDataException">The bytes are no frame of a vector of that length.</exception>
    public static void Decode(ReadOnlySpan<byte> frame, Span<float> values)
    {
        values.Clear();
        var sink = new CopyingSink(values);
        Throw(FrameDecoder.Decode(frame, values.Length, ref sink), values.Length);
    }

    /// <summary><c>sums ← sums + factor · vector</c>; a sparse frame touches its own elements only.</summary>
    /// <param name="frame">Begins with a frame that <see cref="Measure"/> found good: a bad one leaves the sums spoiled.</param>
    /// <param name="factor">The factor.</param>
    /// <param name="sums">The sums; as long as the frame's vector.</param>
    /// <exception cref="InvalidDataException">The bytes are no frame of a vector of that length.</exception>
    public static void AddTo(ReadOnlySpan<byte> frame, double factor, Span<double> sums)
    {
        var sink = new AddingSink(sums, factor);
        Throw(FrameDecoder.Decode(frame, sums.Length, ref sink), sums.Length);
    }

    /// <summary>The elements of a sparse or masked frame, without a dense copy; a frame of another kind is not read.</summary>
    /// <param name="frame">Begins with a frame.</param>
    /// <param name="elements">Elements that the vector must have.</param>
    /// <param name="indices">Receives the ascending coordinates.</param>
    /// <param name="values">Receives the elements at them.</param>
    /// <returns>Whether the frame is of such a kind.</returns>
    /// <exception cref="InvalidDataException">The bytes are no frame of a vector of that length.</exception>
    public static bool TryDecodeSparse(ReadOnlySpan<byte> frame, int elements, List<int> indices, List<float> values)
    {
        ArgumentNullException.ThrowIfNull(indices);
        ArgumentNullException.ThrowIfNull(values);
        indices.Clear();
        values.Clear();
        if (!TryPeek(frame, out FrameKind kind, out _) || kind is not (FrameKind.Sparse or FrameKind.Masked))
        {
            return false;
        }

        var sink = new CollectingSink(indices, values);
        Throw(FrameDecoder.Decode(frame, elements, ref sink), elements);
        return true;
    }

    private static void Throw(FrameFault fault, int elements)
    {
        if (fault != FrameFault.None)
        {
            throw new InvalidDataException($"The bytes are no frame of a vector of {elements} elements: {fault}.");
        }
    }
}
