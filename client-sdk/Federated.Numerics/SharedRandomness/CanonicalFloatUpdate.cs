namespace Federated.Numerics.SharedRandomness;

/// <summary>
/// The float32 arithmetic of one-byte exchange: coefficients have 16 significant bits, so c · z is exact for noise of small integers and a fused
/// multiply-add changes nothing; for normals it is rounded first. Machines agree when they apply the directions in the same order.
/// </summary>
public static class CanonicalFloatUpdate
{
    /// <summary>An integer coefficient as a float32 of 16 significant bits, ties to even.</summary>
    /// <param name="coefficient">As <see cref="FixedPointUpdate.Coefficient"/> gives it.</param>
    /// <param name="denominator"><see cref="SharedDirection.Denominator"/> of the noise.</param>
    /// <param name="fractionBits">q, the binary places of the fixed-point form.</param>
    public static float Coefficient(long coefficient, int denominator, int fractionBits)
    {
        Int128 magnitude = Int128.Abs((Int128)coefficient * denominator);
        int length = 128 - (int)Int128.LeadingZeroCount(magnitude);
        int dropped = Math.Max(length - 16, 0);
        Int128 kept = magnitude >> dropped;
        Int128 rest = magnitude - (kept << dropped);
        Int128 half = dropped == 0 ? 1 : Int128.One << (dropped - 1);
        if (dropped > 0 && (rest > half || (rest == half && !Int128.IsEvenInteger(kept))))
        {
            kept++;
        }

        double value = Math.ScaleB((double)kept, dropped - fractionBits);
        return (float)(coefficient < 0 ? -value : value);
    }

    /// <summary><c>w ← w − c · z</c> for one tensor, each result rounded once to float32.</summary>
    /// <param name="weights">The tensor.</param>
    /// <param name="kind">The distribution.</param>
    /// <param name="key">The direction.</param>
    /// <param name="firstBlock">The tensor's first block.</param>
    /// <param name="coefficient">c, from <see cref="Coefficient"/>.</param>
    public static void Apply(Span<float> weights, NoiseKind kind, DirectionKey key, uint firstBlock, float coefficient)
    {
        if (kind == NoiseKind.Rademacher)
        {
            RademacherKernel.Subtract(weights, key, firstBlock, coefficient);
            return;
        }

        const int Chunk = 1024;
        int blocksPerChunk = Chunk / SharedDirection.ElementsPerBlock(kind);
        Span<float> direction = stackalloc float[Chunk];
        for (int start = 0; start < weights.Length; start += Chunk)
        {
            Span<float> part = weights.Slice(start, Math.Min(Chunk, weights.Length - start));
            SharedDirection.Fill(kind, key, firstBlock + (uint)(start / Chunk * blocksPerChunk), direction[..part.Length]);
            for (int i = 0; i < part.Length; i++)
            {
                // Rounded before it is subtracted, so that machines with and without fused operations agree on normals too.
                float product = coefficient * direction[i];
                part[i] -= product;
            }
        }
    }
}
