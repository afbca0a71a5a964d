using Federated.Aggregation.Linear;

namespace Federated.Simulation.Attacks;

/// <summary>Mean and spread of updates, coordinate by coordinate.</summary>
internal static class UpdateMoments
{
    public static float[] Mean(IReadOnlyList<ReadOnlyMemory<float>> updates)
    {
        float[] mean = new float[updates[0].Length];
        double[] weights = new double[updates.Count];
        Array.Fill(weights, 1.0);
        WeightedMean.Compute(updates, weights, mean);
        return mean;
    }

    /// <summary>The sample standard deviation, divided by n − 1; zeros of one update.</summary>
    public static float[] Deviation(IReadOnlyList<ReadOnlyMemory<float>> updates, ReadOnlySpan<float> mean)
    {
        double[] squares = new double[mean.Length];
        foreach (ReadOnlyMemory<float> update in updates)
        {
            ReadOnlySpan<float> values = update.Span;
            for (int i = 0; i < squares.Length; i++)
            {
                double difference = (double)values[i] - mean[i];
                squares[i] += difference * difference;
            }
        }

        double divisor = Math.Max(1, updates.Count - 1);
        return [.. squares.Select(square => (float)Math.Sqrt(square / divisor))];
    }
}
