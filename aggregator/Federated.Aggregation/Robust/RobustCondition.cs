namespace Federated.Aggregation.Robust;

/// <summary>What rules demand of the number of updates; refusals say which number is wrong.</summary>
internal static class RobustCondition
{
    /// <summary>Most subsets that a rule may search.</summary>
    public const long MostSubsets = 200_000;

    /// <summary>f among the updates that are left: without this, one NaN could make a rule refuse the round.</summary>
    public static int Left(int byzantine, IReadOnlyList<int> dropped) => Math.Max(Math.Min(byzantine, 0), byzantine - dropped.Count);

    /// <summary>A majority must be honest: 2f &lt; n.</summary>
    public static void Majority(string rule, int n, int f)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(f);
        if (n == 0)
        {
            throw new ArgumentException($"Rule '{rule}': there is no update to aggregate.");
        }

        if (2 * (long)f >= n)
        {
            throw new ArgumentException($"Rule '{rule}' with f = {f} needs at least {(2 * (long)f) + 1} updates (2f < n); there are {n}.");
        }
    }

    /// <summary>The number of subsets of n − f updates must be searchable.</summary>
    public static void Subsets(string rule, int n, int f)
    {
        Majority(rule, n, f);
        double subsets = 1;
        for (int i = 1; i <= f; i++)
        {
            subsets = subsets * (n - f + i) / i;
        }

        if (subsets > MostSubsets)
        {
            throw new ArgumentException(
                $"Rule '{rule}' with f = {f} would search {subsets:G4} subsets of {n} updates; at most {MostSubsets} are allowed. Use fewer updates or another rule.");
        }
    }

    public static void Positive(string rule, string what, double value)
    {
        if (!(value > 0) || !double.IsFinite(value))
        {
            throw new ArgumentException($"Rule '{rule}': {what} is {value}; it must be greater than 0.");
        }
    }
}
