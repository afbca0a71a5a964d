namespace Federated.Numerics.Compression;

/// <summary>
/// The contraction δ of compressors: <c>E‖C(v) − v‖² ≤ (1 − δ)‖v‖²</c>, 0 ≤ δ ≤ 1. Error feedback converges the faster, the larger δ is; 0 means that there is no bound.
/// </summary>
public static class Contraction
{
    /// <summary>The k largest of d, or k of d drawn uniformly (then in expectation): k / d.</summary>
    /// <param name="kept">k.</param>
    /// <param name="length">d.</param>
    public static double OfSelection(int kept, int length) => length == 0 ? 1 : Math.Min(1, (double)kept / length);

    /// <summary>
    /// Rounding to the nearest with a step a block. One bit: 1 / B, reached by a vector with one element that is not zero. More: 1 / (1 + (B − 1) / 4L²),
    /// reached when all but the largest of the B elements of a block are half a step.
    /// </summary>
    /// <param name="bits">1 to 8.</param>
    /// <param name="block">B: elements of a block.</param>
    public static double OfRounding(int bits, int block)
    {
        double levels = BlockQuantiser.LevelsOf(bits);
        return block <= 1 ? 1 : bits == 1 ? 1.0 / block : 1 / (1 + ((block - 1) / (4 * levels * levels)));
    }

    /// <summary>
    /// The factor that makes stochastic rounding contractive, and its δ: 1 / (1 + ω) with the variance bound ω = min(B / 4L², √B / L) (QSGD, Alistarh et al. 2017,
    /// with the largest magnitude for the norm).
    /// </summary>
    /// <param name="bits">2 to 8.</param>
    /// <param name="block">B: elements of a block.</param>
    public static double OfStochasticRounding(int bits, int block)
    {
        double levels = BlockQuantiser.LevelsOf(bits);
        return 1 / (1 + Math.Min(block / (4 * levels * levels), Math.Sqrt(block) / levels));
    }

    /// <summary>The best approximation of rank r of an a by b matrix: r / min(a, b).</summary>
    /// <param name="rank">r.</param>
    /// <param name="rows">a.</param>
    /// <param name="columns">b.</param>
    public static double OfTruncation(int rank, int rows, int columns) => Math.Min(1, (double)rank / Math.Min(rows, columns));

    /// <summary>Rounding to a float of p significant bits, within its normal range: 1 − 2^(−2p).</summary>
    /// <param name="significantBits">p: 11 for binary16, 8 for bfloat16.</param>
    public static double OfReducedFloat(int significantBits) => 1 - Math.ScaleB(1, -2 * significantBits);

    /// <summary>Two stages, the second on what the first kept: the product.</summary>
    /// <param name="first">δ of the first stage, an orthogonal projection (a selection).</param>
    /// <param name="second">δ of the second.</param>
    public static double OfStages(double first, double second) => first * second;

    /// <summary>What a compressor did to one vector: 1 − ‖C(v) − v‖² / ‖v‖², and 1 for v = 0. Never above 1; below 0 when it made things worse.</summary>
    /// <param name="value">v.</param>
    /// <param name="compressed">C(v).</param>
    public static double Measure(ReadOnlySpan<float> value, ReadOnlySpan<float> compressed)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(value.Length, compressed.Length);
        double error = FixedLaneSums.SquaredDistance(value, compressed);
        double norm = FixedLaneSums.Dot(value, value);
        return norm == 0 ? 1 : 1 - (error / norm);
    }
}
