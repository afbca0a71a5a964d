namespace Federated.Aggregation.Robust.Gram;

/// <summary>
/// Copies one block of all vectors into groups of four: 16 elements of the first, 16 of the second, and so on. The tiles then
/// read each group as one aligned stream. The end of a block and missing vectors are zeros, which add nothing.
/// </summary>
internal static unsafe class GramPack
{
    /// <summary>Vectors in a group.</summary>
    public const int Side = 4;

    /// <summary>Elements of one vector that lie together: a cache line.</summary>
    public const int Lanes = 16;

    /// <summary>Packs.</summary>
    /// <param name="vectors">Addresses of the vectors.</param>
    /// <param name="start">First element of the block.</param>
    /// <param name="length">Elements of the block.</param>
    /// <param name="packed">Zeroed where there is no vector; as many floats per group as <paramref name="groupLength"/>.</param>
    /// <param name="groupLength">Floats from one group to the next.</param>
    public static void Copy(ReadOnlySpan<nint> vectors, int start, int length, float* packed, int groupLength)
    {
        for (int k = 0; k < vectors.Length; k++)
        {
            float* source = (float*)vectors[k] + start;
            float* target = packed + (k / Side * groupLength) + (k % Side * Lanes);
            int i = 0;
            for (; i + Lanes <= length; i += Lanes)
            {
                new ReadOnlySpan<float>(source + i, Lanes).CopyTo(new Span<float>(target, Lanes));
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
