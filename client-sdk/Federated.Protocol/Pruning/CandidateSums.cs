using Federated.Protocol.Statistics;

namespace Federated.Protocol.Pruning;

/// <summary>What a device sums of the inputs of normalisation layers under a candidate mask.</summary>
public static class CandidateSums
{
    /// <summary>Whether a device's sums can be pooled: every channel has two values, and all numbers are finite.</summary>
    /// <param name="sums">The device's sums.</param>
    public static bool CanPool(MomentSums sums)
    {
        for (int i = 0; i < sums.Columns; i++)
        {
            if (!(sums.Counts[i] >= 2) || !double.IsFinite(sums.Sums[i]) || !double.IsFinite(sums.Squares[i]))
            {
                return false;
            }
        }

        return true;
    }
}
