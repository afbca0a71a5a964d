using Federated.Numerics;

namespace Federated.Simulation.Data;

/// <summary>
/// Holds out the test part: the data set's own, or a stratified draw in which every class of every natural group keeps its share.
/// </summary>
internal static class TestSplit
{
    public static (int[] Train, int[] Test) Divide(LoadedData data, double fraction, ulong seed)
    {
        if (data.TestStart < data.Count)
        {
            return ([.. Enumerable.Range(0, data.TestStart)], [.. Enumerable.Range(data.TestStart, data.Count - data.TestStart)]);
        }

        int wanted = (int)Math.Round(data.Count * fraction);
        if (wanted == 0)
        {
            throw new SimulationException($"test fraction {fraction}: holds out none of the {data.Count} examples of {data.Name}; accuracy needs at least one.");
        }

        if (wanted >= data.Count)
        {
            throw new SimulationException($"test fraction {fraction}: leaves none of the {data.Count} examples of {data.Name} for training.");
        }

        bool[] held = new bool[data.Count];
        List<int>[] strata = Strata(data);
        int[] shares = Shares(strata, wanted, data.Count);
        var random = new CounterRandom(seed, RandomPurpose.Split);
        for (int i = 0; i < strata.Length; i++)
        {
            int[] rows = [.. strata[i]];
            random.Shuffle(rows.AsSpan());
            foreach (int row in rows.AsSpan(0, shares[i]))
            {
                held[row] = true;
            }
        }

        int[] all = [.. Enumerable.Range(0, data.Count)];
        return ([.. all.Where(row => !held[row])], [.. all.Where(row => held[row])]);
    }

    private static List<int>[] Strata(LoadedData data)
    {
        bool classes = data.LabelLength == 1;
        var strata = new SortedDictionary<(int Group, int Class), List<int>>();
        for (int row = 0; row < data.Count; row++)
        {
            (int, int) key = (data.Groups?.Codes[row] ?? 0, classes ? data.Labels[row] : 0);
            if (!strata.TryGetValue(key, out List<int>? rows))
            {
                strata[key] = rows = [];
            }

            rows.Add(row);
        }

        return [.. strata.Values];
    }

    // Largest remainders: the shares add up to exactly the number wanted.
    private static int[] Shares(List<int>[] strata, int wanted, int total)
    {
        double[] exact = [.. strata.Select(rows => (double)rows.Count * wanted / total)];
        int[] shares = [.. exact.Select(value => (int)value)];
        int rest = wanted - shares.Sum();
        foreach (int i in Enumerable.Range(0, exact.Length).OrderByDescending(i => exact[i] - shares[i]).ThenBy(i => i).Take(rest))
        {
            shares[i]++;
        }

        return shares;
    }
}
