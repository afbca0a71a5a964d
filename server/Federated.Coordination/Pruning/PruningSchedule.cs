namespace Federated.Coordination.Pruning;

/// <summary>When masks are adjusted and by how much: f(r) = α/2 (1 + cos(π r / stop)) of a layer's active coordinates, every so many rounds, one block at a time from output to input.</summary>
/// <param name="Alpha">α, twice the mean share that is moved, in (0, 1].</param>
/// <param name="Every">Rounds from one adjustment to the next; at least 1.</param>
/// <param name="Stop">The last round of an adjustment; f is 0 there.</param>
/// <param name="Blocks">Blocks of layers; at least 1.</param>
public sealed record PruningSchedule(double Alpha, int Every, int Stop, int Blocks)
{
    /// <summary>Whether the mask is adjusted after a round.</summary>
    /// <param name="round">Training rounds so far, this one included.</param>
    public bool IsAdjustment(int round) => round > 0 && round <= Stop && round % Every == 0;

    /// <summary>The share of a layer's active coordinates that is moved.</summary>
    /// <param name="round">Training rounds so far, this one included.</param>
    public double Fraction(int round) => round >= Stop ? 0 : Alpha / 2 * (1 + Math.Cos(Math.PI * round / Stop));

    /// <summary>The block whose turn it is, from 0 at the input.</summary>
    /// <param name="round">A round of an adjustment.</param>
    public int BlockOf(int round) => Blocks - 1 - (((round / Every) - 1) % Blocks);

    /// <summary>The layers of a block: consecutive ones, as equal in number as possible.</summary>
    /// <param name="block">The block, from 0 at the input.</param>
    /// <param name="layers">Prunable layers of the model.</param>
    public IEnumerable<int> LayersOf(int block, int layers)
    {
        int first = (int)((long)block * layers / Blocks), end = (int)((long)(block + 1) * layers / Blocks);
        return Enumerable.Range(first, end - first);
    }

    /// <summary>Coordinates that may be moved in a layer: min(⌊f n⌋, n − fewest, N − n), at least 0.</summary>
    /// <param name="round">Training rounds so far, this one included.</param>
    /// <param name="active">n, active coordinates of the layer.</param>
    /// <param name="fewest">Fewest that it keeps.</param>
    /// <param name="size">N, all its coordinates.</param>
    public int Moved(int round, int active, int fewest, int size) =>
        Math.Max(0, Math.Min((int)Math.Floor(Fraction(round) * active), Math.Min(active - fewest, size - active)));
}
