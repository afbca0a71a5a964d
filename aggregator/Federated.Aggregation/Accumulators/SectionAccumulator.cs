using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Federated.Aggregation.Accumulators;

/// <summary>The running sum of one section.</summary>
internal abstract class SectionAccumulator(SectionShape shape)
{
    private const int PieceElements = 64 * 1024;

    public SectionShape Shape { get; } = shape;

    /// <summary>Updates that carried the section.</summary>
    public long Count { get; private set; }

    /// <summary>Sum of their weights.</summary>
    public double TotalWeight { get; private set; }

    /// <summary>What the sum is divided by; 0 when nobody who carried the section weighs anything.</summary>
    public double Divisor => Shape.Denominator switch
    {
        Denominator.Weight => TotalWeight,
        Denominator.Updates => Count,
        _ => 1,
    };

    /// <summary>The sums as bytes, little-endian: what a partial carries. As many as there are from <paramref name="offset"/> on, at most <paramref name="most"/>.</summary>
    public abstract Span<byte> SumBytes(long offset, int most);

    /// <summary>Bytes of all sums.</summary>
    public abstract long SumLength { get; }

    /// <summary>Ranges that can be summed side by side. Big enough that taking one costs nothing, small enough that the last ones end together.</summary>
    public int Pieces => Shape.Decoder is null ? (int)(((long)Shape.Count + PieceElements - 1) / PieceElements) : 1;

    /// <summary>Adds a range of several updates.</summary>
    /// <param name="piece">The range, from 0 on.</param>
    /// <param name="sources">Addresses of the section's first byte in each payload; pinned by the caller.</param>
    /// <param name="weights">The updates' weights.</param>
    public void AddPiece(int piece, nint[] sources, double[] weights) =>
        AddSums(sources, weights, piece * PieceElements, Shape.Decoder is null ? (int)Math.Min(Shape.Count, (piece + 1L) * PieceElements) : Shape.Count);

    /// <summary>Adds the sums of another accumulator of the same shape.</summary>
    public void Add(SectionAccumulator other, int degree)
    {
        AddSums(other, degree);
        Credit(other.Count, other.TotalWeight);
    }

    /// <summary>Notes who is in sums that came as bytes.</summary>
    public void Credit(long count, double weight)
    {
        Count += count;
        TotalWeight += weight;
    }

    /// <summary>Sets every sum to 0, with nobody in them.</summary>
    public void Clear()
    {
        ClearSums();
        Count = 0;
        TotalWeight = 0;
    }

    /// <summary>The sums divided; no values when nobody carried the section.</summary>
    public SectionReport Report(int degree) =>
        Count == 0 ? new SectionReport(Shape, [], [], [], 0, 0) : Divide(degree);

    /// <summary>The values of a report are not used any more: the next report may be written into their memory.</summary>
    public virtual void TakeBack(SectionReport report)
    {
    }

    /// <summary>Bytes of the section that begins at an address, in a payload that was checked.</summary>
    public unsafe long BytesAt(nint source) => Shape.Decoder is { } decoder
        ? decoder.LengthOf(new ReadOnlySpan<byte>((byte*)source, decoder.PrefixBytes))
        : Shape.Bytes;

    public static SectionAccumulator Create(SectionShape shape) =>
        shape is { Type: ElementType.Int64, Denominator: not Denominator.Weight }
            ? new IntegerSectionAccumulator(shape)
            : new RealSectionAccumulator(shape);

    protected abstract void AddSums(nint[] sources, double[] weights, int from, int to);

    protected abstract void AddSums(SectionAccumulator other, int degree);

    protected abstract void ClearSums();

    /// <summary>The bytes of sums from any byte on.</summary>
    protected static Span<byte> BytesOf<T>(T[] sum, long offset, int most)
        where T : unmanaged
    {
        int width = Unsafe.SizeOf<T>();
        int first = (int)(offset / width);
        int skip = (int)(offset % width);
        int length = (int)Math.Min(most, ((long)(sum.Length - first) * width) - skip);
        int elements = (skip + length + width - 1) / width;
        return MemoryMarshal.AsBytes(sum.AsSpan(first, elements)).Slice(skip, length);
    }

    protected abstract SectionReport Divide(int degree);
}
