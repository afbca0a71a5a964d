namespace Federated.Aggregation.Robust.Gram;

/// <summary>Order statistics of small vectors. Ties go to the update that comes first.</summary>
internal static class Selection
{
    /// <summary>Indices of the <paramref name="count"/> smallest values.</summary>
    public static int[] Smallest(IReadOnlyList<double> values, int count) =>
        [.. Enumerable.Range(0, values.Count).OrderBy(i => values[i]).Take(count)];

    /// <summary>The mean of some updates as coefficients.</summary>
    public static double[] Mean(IEnumerable<int> chosen, int n)
    {
        double[] coefficients = new double[n];
        int[] indices = [.. chosen];
        foreach (int i in indices)
        {
            coefficients[i] = 1.0 / indices.Length;
        }

        return coefficients;
    }

    /// <summary>All subsets of <paramref name="size"/> of n indices in lexicographic order; the array is reused.</summary>
    public static IEnumerable<int[]> Subsets(int n, int size)
    {
        int[] subset = [.. Enumerable.Range(0, size)];
        while (true)
        {
            yield return subset;
            int i = size - 1;
            while (i >= 0 && subset[i] == n - size + i)
            {
                i--;
            }

            if (i < 0)
            {
                yield break;
            }

            subset[i]++;
            for (int j = i + 1; j < size; j++)
            {
                subset[j] = subset[j - 1] + 1;
            }
        }
    }
}
