using System.Diagnostics;

namespace Federated.Benchmarks.Framework;

/// <summary>
/// Times alternatives of one run against each other. Speeds swing on a shared machine, so the alternatives take turns and each
/// keeps its best time: a quotient of two such times is steadier than either of them.
/// </summary>
internal static class Interleaved
{
    /// <summary>Turns that a figure with a goal is made of.</summary>
    public const int DefaultTurns = 9;

    /// <summary>The best seconds of every alternative, after one untimed turn.</summary>
    public static double[] Best(int turns, params ReadOnlySpan<Action> alternatives)
    {
        double[] best = new double[alternatives.Length];
        Array.Fill(best, double.PositiveInfinity);
        for (int turn = -1; turn < turns; turn++)
        {
            for (int i = 0; i < alternatives.Length; i++)
            {
                long start = Stopwatch.GetTimestamp();
                alternatives[i]();
                Keep(ref best[i], turn, start);
            }
        }

        return best;
    }

    /// <summary>The best seconds of every asynchronous alternative, after one untimed turn.</summary>
    public static async Task<double[]> BestAsync(int turns, params Func<Task>[] alternatives)
    {
        double[] best = new double[alternatives.Length];
        Array.Fill(best, double.PositiveInfinity);
        for (int turn = -1; turn < turns; turn++)
        {
            for (int i = 0; i < alternatives.Length; i++)
            {
                long start = Stopwatch.GetTimestamp();
                await alternatives[i]();
                Keep(ref best[i], turn, start);
            }
        }

        return best;
    }

    private static void Keep(ref double best, int turn, long start)
    {
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        if (turn >= 0)
        {
            best = Math.Min(best, seconds);
        }
    }
}
