using Federated.Client.Sparse;

namespace Federated.Client.Training;

/// <summary>
/// Labelled examples in rows, dense or sparse, read-only and shared: many clients read the same set through their own indices. Text is
/// stored as token numbers, which a float holds exactly up to 16,777,216.
/// </summary>
public sealed class ExampleSet
{
    private readonly ReadOnlyMemory<float> _dense;

    /// <summary>Wraps dense rows and labels; they are not copied and must not change while the set is in use.</summary>
    /// <param name="features">Row-major, <paramref name="featureLength"/> floats an example.</param>
    /// <param name="featureLength">Floats an example, at least 1.</param>
    /// <param name="labels">Row-major, <paramref name="labelLength"/> class numbers an example, none negative.</param>
    /// <param name="labelLength">Labels an example: 1 for classification, the sequence length for text.</param>
    /// <exception cref="ArgumentException">The lengths do not describe the same number of examples, or a label is negative.</exception>
    public ExampleSet(ReadOnlyMemory<float> features, int featureLength, ReadOnlyMemory<int> labels, int labelLength = 1)
        : this(labels, labelLength, featureLength)
    {
        if (features.Length % featureLength != 0 || features.Length / featureLength != Count)
        {
            throw new ArgumentException(
                $"{features.Length} features in rows of {featureLength} and {labels.Length} labels in rows of {labelLength} are not the same number of examples.",
                nameof(labels));
        }

        _dense = features;
    }

    /// <summary>
    /// Wraps sparse rows and labels: an example takes memory, and a linear model time, in proportion to the features that are set. They are not copied and must not change while
    /// the set is in use.
    /// </summary>
    /// <param name="features">An example a row; features without an entry are 0.</param>
    /// <param name="labels">Row-major, <paramref name="labelLength"/> class numbers an example, none negative.</param>
    /// <param name="labelLength">Labels an example.</param>
    /// <exception cref="ArgumentException">The rows and the labels are not the same number of examples, or a label is negative.</exception>
    public ExampleSet(CsrMatrix features, ReadOnlyMemory<int> labels, int labelLength = 1)
        : this(labels, labelLength, (features ?? throw new ArgumentNullException(nameof(features))).Columns)
    {
        if (features.Rows != Count)
        {
            throw new ArgumentException(
                $"{features.Rows} rows of features and {labels.Length} labels in rows of {labelLength} are not the same number of examples.", nameof(labels));
        }

        SparseFeatures = features;
        HasOnlyOnes = !features.Values.Span.ContainsAnyExcept(1f);
    }

    private ExampleSet(ReadOnlyMemory<int> labels, int labelLength, int featureLength)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(featureLength, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(labelLength, 1);
        if (labels.Length % labelLength != 0)
        {
            throw new ArgumentException($"{labels.Length} labels are no rows of {labelLength}.", nameof(labels));
        }

        foreach (int label in labels.Span)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(label, nameof(labels));
            ClassCount = Math.Max(ClassCount, label + 1);
        }

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

    /// <summary>All features of a set of dense rows, row-major; <see cref="CopyRow"/> reads a row of either kind.</summary>
    /// <exception cref="InvalidOperationException">The rows are sparse.</exception>
    public ReadOnlyMemory<float> Features => SparseFeatures is null
        ? _dense
        : throw new InvalidOperationException("The examples are sparse rows and have no dense matrix; copy the rows that are needed.");

    /// <summary>All features of a set of sparse rows; null when the rows are dense.</summary>
    public CsrMatrix? SparseFeatures { get; }

    /// <summary>Whether the rows are sparse and every entry is 1, as of indicators.</summary>
    internal bool HasOnlyOnes { get; }

    /// <summary>All labels, row-major.</summary>
    public ReadOnlyMemory<int> Labels { get; }

    /// <summary>Writes the features of one example as a dense row.</summary>
    /// <param name="row">The example, 0 to <see cref="Count"/>, exclusive.</param>
    /// <param name="destination">At least <see cref="FeatureLength"/> elements; the first so many are overwritten.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such example, or the destination is too short.</exception>
    public void CopyRow(int row, Span<float> destination)
    {
        Span<float> dense = destination[..FeatureLength];
        if (SparseFeatures is not { } sparse)
        {
            _dense.Span.Slice(checked(row * FeatureLength), FeatureLength).CopyTo(dense);
            return;
        }

        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Count, nameof(row));
        dense.Clear();
        (int start, int end) = (sparse.RowPointers.Span[row], sparse.RowPointers.Span[row + 1]);
        ReadOnlySpan<int> columns = sparse.ColumnIndices.Span[start..end];
        ReadOnlySpan<float> values = sparse.Values.Span[start..end];
        for (int k = 0; k < columns.Length; k++)
        {
            dense[columns[k]] = values[k];
        }
    }
}
