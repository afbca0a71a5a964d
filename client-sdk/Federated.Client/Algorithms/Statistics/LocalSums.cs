using Federated.Client.Training;
using Federated.Protocol.Statistics;

namespace Federated.Client.Algorithms.Statistics;

/// <summary>Sums over the examples that an objective has selected.</summary>
internal static class LocalSums
{
    /// <exception cref="InvalidOperationException">The examples have another number of features.</exception>
    public static void AddFeatures(IExampleObjective objective, MomentSums moments)
    {
        ExampleSet examples = objective.Examples;
        if (examples.FeatureLength != moments.Columns)
        {
            throw new InvalidOperationException(
                $"The task asks for statistics of {moments.Columns} features; the examples have {examples.FeatureLength}.");
        }

        float[] example = new float[examples.FeatureLength];
        Span<double> counts = moments.Counts, sums = moments.Sums, squares = moments.Squares;
        foreach (int row in objective.Rows.Span)
        {
            examples.CopyRow(row, example);
            for (int i = 0; i < example.Length; i++)
            {
                double value = example[i];
                if (!double.IsNaN(value))
                {
                    counts[i]++;
                    sums[i] += value;
                    squares[i] += value * value;
                }
            }
        }
    }

    /// <exception cref="InvalidOperationException">A label is not below the number of classes.</exception>
    public static void AddLabels(IExampleObjective objective, Span<long> histogram)
    {
        ExampleSet examples = objective.Examples;
        ReadOnlySpan<int> labels = examples.Labels.Span;
        foreach (int row in objective.Rows.Span)
        {
            foreach (int label in labels.Slice(row * examples.LabelLength, examples.LabelLength))
            {
                if (label >= histogram.Length)
                {
                    throw new InvalidOperationException($"The task counts {histogram.Length} labels; an example has the label {label}.");
                }

                histogram[label]++;
            }
        }
    }
}
