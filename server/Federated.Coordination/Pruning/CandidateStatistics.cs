using Federated.Protocol.Models;
using Federated.Protocol.Statistics;

namespace Federated.Coordination.Pruning;

/// <summary>Normalisation statistics that fit a candidate, from what devices sum.</summary>
public static class CandidateStatistics
{
    /// <summary>
    /// Writes mean and variance of every normalised channel: those of all values together, within devices and between them (the law of total variance), divided by their number.
    /// </summary>
    /// <param name="schema">The model.</param>
    /// <param name="sums">Sums over all devices; channels without a value, or beyond float32, keep the statistics that they have, so that no device can make a model that is not finite.</param>
    /// <param name="statistics">The model's statistics, changed in place.</param>
    public static void Pool(ModelSchema schema, MomentSums sums, Span<float> statistics)
    {
        ArgumentNullException.ThrowIfNull(schema);
        var starts = new Dictionary<string, int>(StringComparer.Ordinal);
        int start = 0;
        foreach (TensorSpec tensor in schema.Of(TensorPart.Statistic))
        {
            starts.Add(tensor.Name, start);
            start += (int)tensor.ElementCount;
        }

        int column = 0;
        foreach (NormalisationLayer layer in NormalisationLayer.Of(schema))
        {
            int means = starts[layer.Name + ".running_mean"], variances = means + layer.Channels;
            for (int i = 0; i < layer.Channels; i++, column++)
            {
                if (sums.Counts[column] > 0)
                {
                    double mean = sums.Sums[column] / sums.Counts[column];
                    double variance = Math.Max(0, (sums.Squares[column] / sums.Counts[column]) - (mean * mean));
                    if (float.IsFinite((float)mean) && float.IsFinite((float)variance))
                    {
                        (statistics[means + i], statistics[variances + i]) = ((float)mean, (float)variance);
                    }
                }
            }
        }
    }
}
