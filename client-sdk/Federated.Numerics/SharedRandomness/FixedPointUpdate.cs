namespace Federated.Numerics.SharedRandomness;

/// <summary>
/// The exact weight arithmetic of one-byte exchange: master weights are integers θ · 2^q, so updates commute and every machine
/// reaches the same bits in any order.
/// </summary>
public static class FixedPointUpdate
{
    /// <summary>
    /// The integer coefficient of a direction: <c>sign · round(Λ · T · 2^e / (N · denominator))</c>, halves away from zero, in 128-bit arithmetic.
    /// </summary>
    /// <param name="code">The one-byte code's table.</param>
    /// <param name="value">The byte that was sent.</param>
    /// <param name="learningRate">Λ = round(η · 2^q), greater than 0.</param>
    /// <param name="count">N: bytes of the round that are not <see cref="OneByteCode.Invalid"/>, greater than 0.</param>
    /// <param name="denominator"><see cref="SharedDirection.Denominator"/> of the noise.</param>
    /// <exception cref="OverflowException">The coefficient does not fit 64 bits.</exception>
    public static long Coefficient(OneByteCode code, byte value, long learningRate, int count, int denominator)
    {
        ArgumentNullException.ThrowIfNull(code);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(learningRate);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        (int mantissa, int exponent) = code.Parts(value);
        if (mantissa == 0)
        {
            return 0;
        }

        Int128 numerator = (Int128)learningRate * mantissa << Math.Max(exponent, 0);
        Int128 divisor = (Int128)count * denominator << Math.Max(-exponent, 0);
        Int128 magnitude = ((2 * numerator) + divisor) / (2 * divisor);
        return checked((long)(value >= 0x80 ? -magnitude : magnitude));
    }

    /// <summary><c>θ ← θ − c · z</c> for one tensor.</summary>
    /// <param name="master">The tensor's integers; wrap around like every machine's.</param>
    /// <param name="kind">The distribution.</param>
    /// <param name="key">The direction.</param>
    /// <param name="firstBlock">The tensor's first block.</param>
    /// <param name="coefficient">c.</param>
    public static void Apply(Span<long> master, NoiseKind kind, DirectionKey key, uint firstBlock, long coefficient)
    {
        if (kind == NoiseKind.Rademacher)
        {
            RademacherKernel.Subtract(master, key, firstBlock, coefficient);
            return;
        }

        const int Chunk = 1024;
        int blocksPerChunk = Chunk / SharedDirection.ElementsPerBlock(kind);
        Span<sbyte> direction = stackalloc sbyte[Chunk];
        for (int start = 0; start < master.Length; start += Chunk)
        {
            Span<long> part = master.Slice(start, Math.Min(Chunk, master.Length - start));
            SharedDirection.Fill(kind, key, firstBlock + (uint)(start / Chunk * blocksPerChunk), direction[..part.Length]);
            for (int i = 0; i < part.Length; i++)
            {
                part[i] = unchecked(part[i] - (coefficient * direction[i]));
            }
        }
    }
}
