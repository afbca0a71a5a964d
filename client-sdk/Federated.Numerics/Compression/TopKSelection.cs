using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Federated.Numerics.Compression;

/// <summary>
/// Finds the elements of largest magnitude. The result is unique: of equal magnitudes the lower index wins, whatever the vector units.
/// </summary>
/// <remarks>
/// A sample bounds the k-th largest magnitude from below; one pass over the vector gathers what reaches the bound; a radix
/// selection among the gathered finds the exact threshold. When the sample misleads, the radix selection runs over the whole vector.
/// </remarks>
public static class TopKSelection
{
    private const int LargestSample = 1 << 15;
    private const int SampleEvery = 16;
    private const int SmallLength = 1 << 13;

    /// <summary>The number of elements that a ratio keeps: at least 1, at most all, 0 of an empty vector.</summary>
    /// <param name="ratio">Share of the elements, in (0, 1].</param>
    /// <param name="length">Elements of the vector.</param>
    public static int CountFor(double ratio, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(ratio);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ratio, 1);
        return length == 0 ? 0 : (int)Math.Clamp(Math.Round(ratio * length), 1, length);
    }

    /// <summary>Finds as many elements as fit the destination.</summary>
    /// <param name="values">The vector, finite; a NaN counts as larger than any number.</param>
    /// <param name="indices">Receives the indices of the largest magnitudes, ascending; at most as many as there are values.</param>
    /// <exception cref="ArgumentException">There are more indices than values.</exception>
    public static void Select(ReadOnlySpan<float> values, Span<int> indices)
    {
        if (indices.Length > values.Length)
        {
            throw new ArgumentException($"{indices.Length} of {values.Length} elements cannot be selected.", nameof(indices));
        }

        if (indices.IsEmpty)
        {
            return;
        }

        ReadOnlySpan<int> bits = MemoryMarshal.Cast<float, int>(values);
        if (values.Length <= SmallLength || !TrySelectGathered(bits, indices))
        {
            SelectScanned(bits, indices);
        }
    }

    /// <summary>Selects among the elements that reach a bound from a sample; false when too few or far too many do.</summary>
    private static bool TrySelectGathered(ReadOnlySpan<int> bits, Span<int> indices)
    {
        int sample = Math.Min(LargestSample, bits.Length / SampleEvery);
        double expected = (double)indices.Length * sample / bits.Length;
        double rank = Math.Ceiling(expected + (4 * Math.Sqrt(expected)) + 8);
        if (rank >= sample)
        {
            return false;
        }

        int bound = SampledBound(bits, sample, (int)rank);
        int capacity = (int)Math.Min(bits.Length, (2 * rank * bits.Length / sample) + 1024);
        int[] places = ArrayPool<int>.Shared.Rent(capacity);
        int[] magnitudes = ArrayPool<int>.Shared.Rent(capacity);
        try
        {
            int count = Gather(bits, bound, places.AsSpan(0, capacity), magnitudes.AsSpan(0, capacity));
            if (count < indices.Length)
            {
                return false;
            }

            ReadOnlySpan<int> gathered = magnitudes.AsSpan(0, count);
            (int threshold, int ties) = Threshold(gathered, indices.Length);
            int written = 0;
            for (int i = 0; i < gathered.Length && written < indices.Length; i++)
            {
                if (gathered[i] > threshold || (gathered[i] == threshold && ties-- > 0))
                {
                    indices[written++] = places[i];
                }
            }

            return true;
        }
        finally
        {
            ArrayPool<int>.Shared.Return(places);
            ArrayPool<int>.Shared.Return(magnitudes);
        }
    }

    private static void SelectScanned(ReadOnlySpan<int> bits, Span<int> indices)
    {
        (int threshold, int ties) = Threshold(bits, indices.Length);
        int written = 0;
        for (int i = 0; i < bits.Length && written < indices.Length; i++)
        {
            int magnitude = bits[i] & int.MaxValue;
            if (magnitude > threshold || (magnitude == threshold && ties-- > 0))
            {
                indices[written++] = i;
            }
        }
    }

    /// <summary>The magnitude of the given rank in a sample that is spread over the vector; a fixed walk, so that results repeat.</summary>
    private static int SampledBound(ReadOnlySpan<int> bits, int size, int rank)
    {
        int[] sample = ArrayPool<int>.Shared.Rent(size);
        int stride = bits.Length / size;
        uint scatter = 1;
        for (int i = 0; i < size; i++)
        {
            // A fixed stride would see one column of a matrix only.
            scatter = (scatter * 1664525) + 1013904223;
            sample[i] = bits[(i * stride) + (int)((scatter >> 8) % (uint)stride)] & int.MaxValue;
        }

        int bound = Threshold(sample.AsSpan(0, size), rank).Threshold;
        ArrayPool<int>.Shared.Return(sample);
        return bound;
    }

    /// <summary>Gathers what reaches the bound, in order; −1 when it does not fit.</summary>
    private static int Gather(ReadOnlySpan<int> bits, int bound, Span<int> places, Span<int> magnitudes)
    {
        int count = 0;
        int i = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            ref int source = ref MemoryMarshal.GetReference(bits);
            var sign = Vector256.Create(int.MaxValue);
            var below = Vector256.Create(bound - 1);
            for (; i <= bits.Length - 32; i += 32)
            {
                Vector256<int> m0 = Vector256.GreaterThan(Vector256.LoadUnsafe(ref source, (nuint)i) & sign, below);
                Vector256<int> m1 = Vector256.GreaterThan(Vector256.LoadUnsafe(ref source, (nuint)i + 8) & sign, below);
                Vector256<int> m2 = Vector256.GreaterThan(Vector256.LoadUnsafe(ref source, (nuint)i + 16) & sign, below);
                Vector256<int> m3 = Vector256.GreaterThan(Vector256.LoadUnsafe(ref source, (nuint)i + 24) & sign, below);
                if ((m0 | m1 | m2 | m3) == Vector256<int>.Zero)
                {
                    continue;
                }

                if (count > places.Length - 32)
                {
                    break;
                }

                uint mask = m0.ExtractMostSignificantBits() | (m1.ExtractMostSignificantBits() << 8)
                    | (m2.ExtractMostSignificantBits() << 16) | (m3.ExtractMostSignificantBits() << 24);
                for (; mask != 0; mask &= mask - 1)
                {
                    int place = i + BitOperations.TrailingZeroCount(mask);
                    places[count] = place;
                    magnitudes[count++] = Unsafe.Add(ref source, place) & int.MaxValue;
                }
            }
        }

        for (; i < bits.Length; i++)
        {
            int magnitude = bits[i] & int.MaxValue;
            if (magnitude >= bound)
            {
                if (count == places.Length)
                {
                    return -1;
                }

                places[count] = i;
                magnitudes[count++] = magnitude;
            }
        }

        return count;
    }

    /// <summary>The k-th largest magnitude, and how many of those equal to it belong to the k: three radix passes from the top.</summary>
    private static (int Threshold, int Ties) Threshold(ReadOnlySpan<int> bits, int k)
    {
        Span<int> histogram = stackalloc int[2048];
        int prefix = 0;
        int known = 31;
        int left = k;
        while (known > 0)
        {
            int digits = Math.Min(known, 11);
            int shift = known - digits;
            histogram.Clear();
            foreach (int value in bits)
            {
                int magnitude = value & int.MaxValue;
                if ((int)((uint)magnitude >> known) == prefix)
                {
                    histogram[(magnitude >> shift) & ((1 << digits) - 1)]++;
                }
            }

            int digit = (1 << digits) - 1;
            for (; histogram[digit] < left; digit--)
            {
                left -= histogram[digit];
            }

            prefix = (prefix << digits) | digit;
            known = shift;
        }

        return (prefix, left);
    }
}
