namespace Federated.Client.Training;

/// <summary>
/// Labelled examples in dense rows, read-only and shared: many clients read the same set through their own indices. Text is
/// stored as token numbers, which a float holds exactly up to 16,777,216.
/// </summary>
public sealed class ExampleSet
{
    /// <summary>Wraps the two matrices; they are not copied and must not change while the set is in use.</summary>
    /// <param name="features">Row-major, <paramref name="featureLength"/> floats an example.</param>
    /// <param name="featureLength">Floats an example, at least 1.</param>
    /// <param name="labels">Row-major, <paramref name="labelLength"/> class numbers an example, none negative.</param>
    /// <param name="labelLength">Labels an example: 1 for classification, the sequence length for text.</param>
    /// <exception cref="ArgumentException">The lengths do not describe the same number of examples, or a label is negative.</exception>
    public ExampleSet(ReadOnlyMemory<float> features, int featureLength, ReadOnlyMemory<int> labels, int labelLength = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(featureLength, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(labelLength, 1);
        if (features.Length % featureLength != 0 || labels.Length % labelLength != 0 || features.Length / featureLength != labels.Length / labelLength)
        {
            throw new ArgumentException(
                $"{features.Length} features in rows of {featureLength} and {labels.Length} labels in rows of {labelLength} are not the same number of examples.",
                nameof(labels));
        }

        foreach (int label in labels.Span)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(label, nameof(labels));
            ClassCount = Math.Max(ClassCount, label + 1);
        }

        Features = features;
        FeatureLength = featureLength;
        Labels = labels;
        LabelLength = labelLength;
        Count = labels.Length / labelLength;
    }

    /// <summary>Number of examples.</summary>
    public int Count { get; }

    /// <summary>Floats an example.</summary>
    public int FeatureLength { get; }

    /// <summary>Labels an example.</summary>
    public int LabelLength { get; }

    /// <summary>One more than the largest label.</summary>
    public int ClassCount { get; }

    /// <summary>All features, row-major.</summary>
    public ReadOnlyMemory<float> Features { get; }

    /// <summary>All labels, row-major.</summary>
    public ReadOnlyMemory<int> Labels { get; }
}
