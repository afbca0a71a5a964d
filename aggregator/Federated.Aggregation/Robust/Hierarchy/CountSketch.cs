using Federated.Numerics;

namespace Federated.Aggregation.Robust.Hierarchy;

/// <summary>
/// A random projection of long vectors to short ones that keeps inner products in expectation (count sketch; Charikar, Chen and Farach-Colton 2002; feature
/// hashing, Weinberger et al. 2009): every coordinate is added, with a random sign, to one random bucket. For width w the error of
/// <c>⟨sketch x, sketch y⟩</c> has mean 0 and a variance of at most <c>(|x|²|y|² + ⟨x, y⟩²) / w</c>.
/// </summary>
/// <remarks>
/// The seed is shared by the nodes and must be kept from devices: who knows it can hide in the projection's null space. Each round has signs and buckets of
/// its own. Word i of the generator decides coordinate i, so ranges can be sketched where they are; the sketches of disjoint ranges add up.
/// </remarks>
public sealed class CountSketch
{
    private const int Chunk = 4096;
    private const int MostWidth = 1 << 26;

    private readonly uint _key0;
    private readonly uint _key1;
    private readonly uint _round;

    /// <summary>Sets the projection of a round.</summary>
    /// <param name="seed">The nodes' secret.</param>
    /// <param name="round">The round's number.</param>
    /// <param name="width">Buckets, at least 1 (see <see cref="WidthFor"/>).</param>
    public CountSketch(ulong seed, uint round, int width)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(width, MostWidth);
        _key0 = (uint)seed;
        _key1 = (uint)(seed >> 32);
        _round = round;
        Width = width;
    }

    /// <summary>Buckets: elements of a sketch.</summary>
    public int Width { get; }

    /// <summary>The width at which an inner product's standard error is at most a part of the product of the two norms: 2 / error².</summary>
    /// <param name="error">The part, in (0.0002, 1].</param>
    public static int WidthFor(double error)
    {
        if (!(error is > 0.0002 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(error), error, "The error is a part of the product of two norms, above 0.0002 and at most 1.");
        }

        return (int)Math.Ceiling(2 / (error * error));
    }

    /// <summary>Sketches a range of a vector.</summary>
    /// <param name="range">Its elements.</param>
    /// <param name="from">Position of the first in the vector.</param>
    public float[] Of(ReadOnlySpan<float> range, int from = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(from);
        double[] buckets = new double[Width];
        Span<uint> words = stackalloc uint[Chunk];
        for (int start = from / 4 * 4; start < from + range.Length; start += Chunk)
        {
            int end = Math.Min(start + Chunk, from + range.Length);
            Philox4x32.Fill((uint)(start / 4), (uint)RandomPurpose.Sketch << 24, 0, _round, _key0, _key1, words[..(end - start)]);
            for (int i = Math.Max(start, from); i < end; i++)
            {
                uint word = words[i - start];
                int bucket = (int)(((ulong)(word >> 1) * (uint)Width) >> 31);

                // The sign is as good as random: a branch on it would be wrong every other time.
                buckets[bucket] += BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(range[i - from]) ^ (int)(word << 31));
            }
        }

        return [.. buckets.Select(bucket => (float)bucket)];
    }
}
