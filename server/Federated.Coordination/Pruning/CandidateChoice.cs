namespace Federated.Coordination.Pruning;

/// <summary>Which candidate devices found best.</summary>
public static class CandidateChoice
{
    /// <summary>
    /// The candidate of least Σ loss / Σ predictions, of equals the first. Only those count behind which there are as many predictions as behind any other: a device leaves out a candidate under which its
    /// loss is not finite, and that must not make the candidate look better. Where none has a finite figure it is the first.
    /// </summary>
    /// <param name="losses">Summed losses, by candidate.</param>
    /// <param name="predictions">Predictions behind them; 0 where nobody answered.</param>
    public static int Best(IReadOnlyList<double> losses, IReadOnlyList<double> predictions)
    {
        ArgumentNullException.ThrowIfNull(losses);
        ArgumentNullException.ThrowIfNull(predictions);
        double most = predictions.Count == 0 ? 0 : predictions.Max();
        int best = 0;
        double least = double.PositiveInfinity;
        for (int c = 0; c < losses.Count; c++)
        {
            double loss = most > 0 && predictions[c] == most ? losses[c] / predictions[c] : double.NaN;
            if (loss < least)
            {
                (best, least) = (c, loss);
            }
        }

        return best;
    }
}
