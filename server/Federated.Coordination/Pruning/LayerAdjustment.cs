namespace Federated.Coordination.Pruning;

/// <summary>Drops the smallest weights of a layer and grows coordinates of largest gradient in their place. Of equals the lower index comes first, in either case.</summary>
public static class LayerAdjustment
{
    /// <summary>Moves coordinates; as many are dropped as are grown.</summary>
    /// <param name="active">The active coordinates, ascending.</param>
    /// <param name="weights">The layer's weights, all of them.</param>
    /// <param name="gradients">The layer's aggregated gradients, all of them; zero where nobody sent one.</param>
    /// <param name="most">Most coordinates that are moved. Fewer are when fewer inactive ones have a gradient.</param>
    /// <returns>The active coordinates afterwards, ascending; the same array when nothing moves.</returns>
    public static int[] Move(int[] active, ReadOnlySpan<float> weights, ReadOnlySpan<float> gradients, int most)
    {
        ArgumentNullException.ThrowIfNull(active);
        int[] grown = Grow(active, gradients, Math.Min(most, active.Length));
        return grown.Length == 0 ? active : Sorted([.. Keep(active, weights, active.Length - grown.Length), .. grown]);
    }

    /// <summary>The inactive coordinates of largest gradient.</summary>
    /// <param name="active">The active coordinates, ascending; none of them is grown, be it dropped in the same step.</param>
    /// <param name="gradients">The layer's gradients; zeros and values that are not finite are never grown.</param>
    /// <param name="most">Most of them.</param>
    public static int[] Grow(ReadOnlySpan<int> active, ReadOnlySpan<float> gradients, int most)
    {
        if (most <= 0)
        {
            return [];
        }

        var found = new List<(float Magnitude, int Index)>();
        int at = 0;
        for (int i = 0; i < gradients.Length; i++)
        {
            if (at < active.Length && active[at] == i)
            {
                at++;
            }
            else if (gradients[i] != 0 && float.IsFinite(gradients[i]))
            {
                found.Add((Math.Abs(gradients[i]), i));
            }
        }

        found.Sort((a, b) => a.Magnitude != b.Magnitude ? b.Magnitude.CompareTo(a.Magnitude) : a.Index.CompareTo(b.Index));
        return [.. found.Take(most).Select(pair => pair.Index)];
    }

    /// <summary>The active coordinates of largest weight.</summary>
    /// <param name="active">The active coordinates, ascending.</param>
    /// <param name="weights">The layer's weights.</param>
    /// <param name="count">How many are kept.</param>
    /// <returns>Those, ascending.</returns>
    public static int[] Keep(int[] active, ReadOnlySpan<float> weights, int count)
    {
        ArgumentNullException.ThrowIfNull(active);
        var order = new (float Magnitude, int Index)[active.Length];
        for (int i = 0; i < active.Length; i++)
        {
            order[i] = (Math.Abs(weights[active[i]]), active[i]);
        }

        // The smallest are dropped, of equals the lower index: the highest index of equals is kept longest.
        Array.Sort(order, (a, b) => a.Magnitude != b.Magnitude ? b.Magnitude.CompareTo(a.Magnitude) : b.Index.CompareTo(a.Index));
        return Sorted([.. order.Take(count).Select(pair => pair.Index)]);
    }

    private static int[] Sorted(int[] indices)
    {
        Array.Sort(indices);
        return indices;
    }
}
