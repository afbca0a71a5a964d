namespace Federated.Coordination.Pruning;

/// <summary>Which candidate devices found best.</summary>
public static class CandidateChoice
{
    /// <summary>The candidate of least Σ loss / Σ examples; of equals, and where none has a finite figure, the first.</summary>
    /// <param name="losses">Summed losses, by candidate.</param>
    /// <param name="examples">Examples behind them; 0 where nobody answered.</param>
    public static int Best(IReadOnlyList<double> losses, IReadOnlyList<double> examples)
    {
        ArgumentNullException.ThrowIfNull(losses);
        ArgumentNullException.ThrowIfNull(examples);
        int best = 0;
        double least = double.PositiveInfinity;
        for (int c = 0; c < losses.Count; c++)
        {
            double loss = examples[c] > 0 ? losses[c] / examples[c] : double.NaN;
            if (loss < least)
            {
                (best, least) = (c, loss);
            }
        }

        return best;
    }
}
