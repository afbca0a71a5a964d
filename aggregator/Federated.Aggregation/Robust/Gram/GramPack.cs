using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Federated.Aggregation.Robust.Gram;

/// <summary>
/// Copies one block of vectors into groups of five: 16 elements of the first, 16 of the second, and so on. The tiles then
/// read each group as one aligned stream. The end of a block and missing vectors are zeros, which add nothing.
/// </summary>
internal static unsafe class GramPack
{
    /// <summary>Vectors in a group.</summary>
    public const int Side = 5;

    /// <summary>Elements of one vector that lie together: a cache line.</summary>
    public const int Lanes = 16;

    /// <summary>Packs the vectors of one group.</summary>
    /// <param name="vectors">Addresses of all vectors.</param>
    /// <param name="group">The group.</param>
    /// <param name="start">First element of the block.</param>
    /// <param name="length">Elements of the block.</param>
    /// <param name="packed">The group's block; zeroed where there is no vector.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Copy(ReadOnlySpan<nint> vectors, int group, int start, int length, float* packed)
    {
        int first = group * Side;
        int count = Math.Min(Side, vectors.Length - first);
        for (int k = 0; k < count; k++)
        {
            float* source = (float*)vectors[first + k] + start;
            float* target = packed + (k * Lanes);
            int i = 0;
            for (; i + Lanes <= length; i += Lanes)
            {
                Vector512.Load(source + i).Store(target);
                target += Side * Lanes;
            }

            if (i < length)
            {
                var line = new Span<float>(target, Lanes);
                line.Clear();
                new ReadOnlySpan<float>(source + i, length - i).CopyTo(line);
            }
        }
    }
}
