namespace Federated.Aggregation.Robust.Coordinate;

/// <summary>
/// Batcher's merge exchange (Knuth, The Art of Computer Programming 3, 5.2.2 M) for any number of rows: the comparisons do not
/// depend on the data, so a vector register of coordinates goes through at once.
/// </summary>
internal static class SortingNetwork
{
    /// <summary>Comparators (low, high) in order, without those that only rows outside [from, to) depend on.</summary>
    public static (int Low, int High)[] For(int count, int from, int to)
    {
        var all = new List<(int Low, int High)>();
        for (int p = 1; p < count; p *= 2)
        {
            for (int k = p; k >= 1; k /= 2)
            {
                for (int j = k % p; j + k < count; j += 2 * k)
                {
                    for (int i = j; i < Math.Min(j + k, count - k); i++)
                    {
                        if (i / (2 * p) == (i + k) / (2 * p))
                        {
                            all.Add((i, i + k));
                        }
                    }
                }
            }
        }

        bool[] isNeeded = [.. Enumerable.Range(0, count).Select(rank => rank >= from && rank < to)];
        var kept = new List<(int Low, int High)>();
        for (int c = all.Count - 1; c >= 0; c--)
        {
            (int low, int high) = all[c];
            if (isNeeded[low] || isNeeded[high])
            {
                isNeeded[low] = isNeeded[high] = true;
                kept.Add(all[c]);
            }
        }

        kept.Reverse();
        return [.. kept];
    }
}
