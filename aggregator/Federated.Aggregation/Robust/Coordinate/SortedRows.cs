using System.Numerics;
using System.Numerics.Tensors;

namespace Federated.Aggregation.Robust.Coordinate;

/// <summary>Reductions of sorted rows. Sums are float64.</summary>
internal static class SortedRows
{
    public static ReadOnlySpan<float> Row(ReadOnlySpan<float> sorted, int rank, int width) => sorted.Slice(rank * width, width);

    /// <summary>The middle value, or the mean of the two middle ones.</summary>
    public static void Median(ReadOnlySpan<float> sorted, int count, Span<float> result)
    {
        ReadOnlySpan<float> low = Row(sorted, (count - 1) / 2, result.Length);
        ReadOnlySpan<float> high = Row(sorted, count / 2, result.Length);

        // Halves first: the sum of two finite numbers may be infinite.
        TensorPrimitives.Multiply(low, 0.5f, result);
        TensorPrimitives.MultiplyAdd(high, 0.5f, result, result);
    }

    /// <summary>The mean of the ranks [from, to).</summary>
    public static void Mean(ReadOnlySpan<float> sorted, int from, int to, Span<float> result)
    {
        int width = result.Length;
        var divisor = new Vector<double>(to - from);
        for (int i = 0; i < width; i += Vector<float>.Count)
        {
            Vector<double> low = default, high = default;
            for (int rank = from; rank < to; rank++)
            {
                Vector.Widen(new Vector<float>(sorted[((rank * width) + i)..]), out Vector<double> l, out Vector<double> h);
                low += l;
                high += h;
            }

            Vector.Narrow(low / divisor, high / divisor).CopyTo(result[i..]);
        }
    }

    /// <summary>The mean of the <paramref name="kept"/> values nearest to a centre; of two equally near ones the smaller.</summary>
    /// <param name="sorted">The rows.</param>
    /// <param name="count">Number of rows.</param>
    /// <param name="kept">Values to average.</param>
    /// <param name="result">The centres; receives the means.</param>
    public static void MeanNearest(ReadOnlySpan<float> sorted, int count, int kept, Span<float> result)
    {
        int width = result.Length;
        var divisor = new Vector<double>(kept);
        for (int i = 0; i < width; i += Vector<float>.Count)
        {
            var centre = new Vector<float>(result[i..]);
            Vector<double> low = default, high = default;
            for (int rank = 0; rank < count; rank++)
            {
                var value = new Vector<float>(sorted[((rank * width) + i)..]);

                // The nearest values lie side by side. Among ranks r and r + kept exactly one is in the window: the nearer.
                if (rank + kept < count)
                {
                    var other = new Vector<float>(sorted[(((rank + kept) * width) + i)..]);
                    value = Vector.ConditionalSelect(Vector.LessThan(other - centre, centre - value), Vector<float>.Zero, value);
                }

                if (rank - kept >= 0)
                {
                    var other = new Vector<float>(sorted[(((rank - kept) * width) + i)..]);
                    value = Vector.ConditionalSelect(Vector.LessThan(value - centre, centre - other), value, Vector<float>.Zero);
                }

                Vector.Widen(value, out Vector<double> l, out Vector<double> h);
                low += l;
                high += h;
            }

            Vector.Narrow(low / divisor, high / divisor).CopyTo(result[i..]);
        }
    }
}
