using Federated.Numerics;

namespace Federated.Coordination.Selection;

/// <summary>
/// Utility and speed, after Oort (Lai et al. 2021): a share of the cohort explores clients that were never counted, the rest are drawn among those of high utility. Utility is examples × loss,
/// relative to the highest, plus √(0.1 ln R / L) for a client last seen in round L of R, times (T/t)^alpha for one that took t, longer than the quantile T of the times seen.
/// </summary>
internal sealed class OortSelection(ulong seed, double exploration, double alpha, double quantile) : TrainingSelection(seed)
{
    private const double LeastExploration = 0.2, ExplorationDecay = 0.98, CutOff = 0.95;

    protected override int[] Choose(int round, ReadOnlySpan<uint> candidates, int count, CounterRandom random)
    {
        var seen = new List<(int Position, Participation Known)>();
        var fresh = new List<int>();
        for (int i = 0; i < candidates.Length; i++)
        {
            if (Records.TryGet(candidates[i], out Participation known))
            {
                seen.Add((i, known));
            }
            else
            {
                fresh.Add(i);
            }
        }

        double share = Math.Max(Math.Min(exploration, LeastExploration), exploration * Math.Pow(ExplorationDecay, round - 1));
        int explore = Math.Max(count - seen.Count, Math.Min(fresh.Count, (int)Math.Round(share * count)));
        IEnumerable<int> explored = random.Choose(fresh.Count, explore).Select(i => fresh[i]);
        return [.. explored, .. Exploit(round, seen, count - explore, random)];
    }

    private int[] Exploit(int round, List<(int Position, Participation Known)> seen, int count, CounterRandom random)
    {
        if (count == 0)
        {
            return [];
        }

        double[] times = [.. seen.Select(client => client.Known.Seconds).Order()];
        double pace = times[(int)(quantile * (times.Length - 1))];
        double best = Math.Max(double.Epsilon, seen.Max(client => Gain(client.Known)));
        double[] utilities = [.. seen.Select(client => Utility(client.Known, round, best, pace))];
        double least = CutOff * utilities.OrderDescending().ElementAt(count - 1);
        int[] high = [.. Enumerable.Range(0, seen.Count).Where(i => utilities[i] >= least)];
        double[] weights = [.. high.Select(i => Math.Max(utilities[i], 1e-9))];
        return [.. WeightedDraw.Choose(random, weights, count).Select(i => seen[high[i]].Position)];
    }

    private double Utility(in Participation known, int round, double best, double pace)
    {
        double utility = (Gain(known) / best) + Math.Sqrt(0.1 * Math.Log(Math.Max(1, round)) / Math.Max(1, known.Round));
        return known.Seconds > pace && pace > 0 ? utility * Math.Pow(pace / known.Seconds, alpha) : utility;
    }

    private static double Gain(in Participation known) => double.IsFinite(known.Loss) ? Math.Max(0, known.Loss) * known.Examples : 0;
}
