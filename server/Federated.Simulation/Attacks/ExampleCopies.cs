using Federated.Client.Sparse;
using Federated.Client.Training;

namespace Federated.Simulation.Attacks;

/// <summary>Copies of examples, some of them with a patch on: rows of the examples' own kind, so that those of wide sparse examples take no more memory than their entries.</summary>
internal static class ExampleCopies
{
    /// <summary>Copies rows.</summary>
    /// <param name="examples">The examples.</param>
    /// <param name="rows">Which ones.</param>
    /// <param name="labels">The labels of the copies, row-major.</param>
    /// <param name="isPatched">Whether the copy at a position has the patch on.</param>
    /// <param name="places">The features that the patch covers, ascending.</param>
    /// <param name="value">What it fills them with.</param>
    public static ExampleSet Of(ExampleSet examples, IReadOnlyList<int> rows, int[] labels, Predicate<int> isPatched, int[] places, float value)
    {
        // A matrix has a row at least.
        if (examples.SparseFeatures is { } sparse && rows.Count > 0)
        {
            return new ExampleSet(Sparse(sparse, rows, isPatched, places, value), labels, examples.LabelLength);
        }

        float[] features = new float[checked(rows.Count * examples.FeatureLength)];
        for (int i = 0; i < rows.Count; i++)
        {
            Span<float> copy = features.AsSpan(i * examples.FeatureLength, examples.FeatureLength);
            examples.CopyRow(rows[i], copy);
            foreach (int place in isPatched(i) ? places : [])
            {
                copy[place] = value;
            }
        }

        return new ExampleSet(features, examples.FeatureLength, labels, examples.LabelLength);
    }

    private static CsrMatrix Sparse(CsrMatrix matrix, IReadOnlyList<int> rows, Predicate<int> isPatched, int[] places, float value)
    {
        int[] pointers = new int[rows.Count + 1];
        var columns = new List<int>();
        var values = new List<float>();
        for (int i = 0; i < rows.Count; i++)
        {
            Append(matrix, rows[i], isPatched(i) ? places : [], value, columns, values);
            pointers[i + 1] = columns.Count;
        }

        return new CsrMatrix(rows.Count, matrix.Columns, pointers, columns.ToArray(), values.ToArray());
    }

    /// <summary>A row's entries and the patch's, merged by column; the patch lies on top.</summary>
    private static void Append(CsrMatrix matrix, int row, ReadOnlySpan<int> places, float value, List<int> columns, List<float> values)
    {
        (int at, int end) = (matrix.RowPointers.Span[row], matrix.RowPointers.Span[row + 1]);
        ReadOnlySpan<int> own = matrix.ColumnIndices.Span;
        int next = 0;
        while (at < end || next < places.Length)
        {
            if (next < places.Length && (at == end || places[next] <= own[at]))
            {
                at += at < end && own[at] == places[next] ? 1 : 0;
                columns.Add(places[next++]);
                values.Add(value);
            }
            else
            {
                columns.Add(own[at]);
                values.Add(matrix.Values.Span[at++]);
            }
        }
    }
}
