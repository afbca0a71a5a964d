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
        Demand(MajorityFault(rule, n, f));
    }

    /// <summary>What is wrong when 2f &lt; n does not hold; null when it does.</summary>
    public static string? MajorityFault(string rule, int n, int f) =>
        n == 0 ? $"Rule '{rule}': there is no update to aggregate."
        : 2 * (long)f >= n ? $"Rule '{rule}' with f = {f} needs at least {(2 * (long)f) + 1} updates (2f < n); there are {n}."
        : null;

    /// <summary>The number of subsets of n − f updates must be searchable.</summary>
    public static void Subsets(string rule, int n, int f)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(f);
        Demand(SubsetsFault(rule, n, f));
    }

    /// <summary>What is wrong when 2f &lt; n does not hold or there are too many subsets.</summary>
    public static string? SubsetsFault(string rule, int n, int f)
    {
        if (MajorityFault(rule, n, f) is { } fault)
        {
            return fault;
        }

        double subsets = 1;
        for (int i = 1; i <= f; i++)
        {
            subsets = subsets * (n - f + i) / i;
        }

        return subsets > MostSubsets
            ? $"Rule '{rule}' with f = {f} would search {subsets:G4} subsets of {n} updates; at most {MostSubsets} are allowed. Use fewer updates or another rule."
            : null;
    }

    /// <summary>4f + 3 ≤ n.</summary>
    public static void Quarter(string rule, int n, int f)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(f);
        Demand(QuarterFault(rule, n, f));
    }

    /// <summary>What is wrong when 4f + 3 ≤ n does not hold; null when it does.</summary>
    public static string? QuarterFault(string rule, int n, int f) =>
        (4 * (long)f) + 3 > n ? $"Rule '{rule}' with f = {f} needs at least {(4 * (long)f) + 3} updates (4f + 3 <= n); there are {n}." : null;

    public static void Positive(string rule, string what, double value)
    {
        if (!(value > 0) || !double.IsFinite(value))
        {
            throw new ArgumentException($"Rule '{rule}': {what} is {value}; it must be greater than 0.");
        }
    }

    private static void Demand(string? fault)
    {
        if (fault is not null)
        {
            throw new ArgumentException(fault);
        }
    }
}
