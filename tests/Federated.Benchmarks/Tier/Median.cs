namespace Federated.Benchmarks.Tier;

/// <summary>Times alternatives that take turns, and keeps the median of each with its processor time.</summary>
internal static class Median
{
    public const int Turns = 7;

    /// <summary>Seconds and processor seconds of every alternative, after one untimed turn.</summary>
    public static async Task<(double Seconds, double CpuSeconds)[]> OfAsync(int turns, params Func<Task<double>>[] alternatives)
    {
        var seconds = new List<double>[alternatives.Length];
        var cpu = new List<double>[alternatives.Length];
        for (int turn = -1; turn < turns; turn++)
        {
            for (int i = 0; i < alternatives.Length; i++)
            {
                seconds[i] ??= [];
                cpu[i] ??= [];
                TimeSpan before = Environment.CpuUsage.TotalTime;
                double taken = await alternatives[i]();
                if (turn >= 0)
                {
                    seconds[i].Add(taken);
                    cpu[i].Add((Environment.CpuUsage.TotalTime - before).TotalSeconds);
                }
            }
        }

        return [.. seconds.Zip(cpu).Select(pair => (Of(pair.First), Of(pair.Second)))];
    }

    public static double Of(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
