namespace Federated.Benchmarks.Latency;

/// <summary>What turns cost this process in time of its cores, which other processes of the machine disturb less than the clock's time.</summary>
internal sealed class ProcessorTime
{
    /// <summary>Of the cheapest turn.</summary>
    public double LeastSeconds { get; private set; } = double.PositiveInfinity;

    public async Task MeasureAsync(Func<Task> turn)
    {
        TimeSpan before = Environment.CpuUsage.TotalTime;
        await turn();
        LeastSeconds = Math.Min(LeastSeconds, (Environment.CpuUsage.TotalTime - before).TotalSeconds);
    }
}
