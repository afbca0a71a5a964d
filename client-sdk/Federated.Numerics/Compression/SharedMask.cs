namespace Federated.Numerics.Compression;

/// <summary>
/// The coordinates that all clients of a round send, found by each from the round's seed: the vector is cut into k equal strata, and each gives one
/// coordinate, drawn uniformly. Every coordinate is sent with the probability k / d of a uniform mask; the strata keep the mask sorted and cheap.
/// </summary>
public static class SharedMask
{
    /// <summary>Makes the mask.</summary>
    /// <param name="seed">Seed of the run.</param>
    /// <param name="round">The round; another one gives an independent mask.</param>
    /// <param name="length">d, elements of the vector.</param>
    /// <param name="indices">Receives k coordinates, ascending; 1 to d of them.</param>
    /// <exception cref="ArgumentException">More coordinates are asked for than there are.</exception>
    public static void Fill(ulong seed, uint round, int length, Span<int> indices)
    {
        if (indices.Length > length)
        {
            throw new ArgumentException($"A mask of {indices.Length} of {length} coordinates is impossible.", nameof(indices));
        }

        const int Chunk = 256;
        var random = new CounterRandom(seed, RandomPurpose.Compression, round, (uint)indices.Length);
        Span<uint> words = stackalloc uint[Chunk];
        for (int start = 0; start < indices.Length; start += Chunk)
        {
            Span<uint> part = words[..Math.Min(Chunk, indices.Length - start)];
            random.FillWords(part);
            for (int i = 0; i < part.Length; i++)
            {
                // Strata have ⌊d/k⌋ or ⌈d/k⌉ elements; the multiplication's bias is below 2^-32 of their number.
                long from = (long)(start + i) * length / indices.Length;
                long to = (long)(start + i + 1) * length / indices.Length;
                indices[start + i] = (int)(from + (long)(((ulong)part[i] * (ulong)(to - from)) >> 32));
            }
        }
    }
}
