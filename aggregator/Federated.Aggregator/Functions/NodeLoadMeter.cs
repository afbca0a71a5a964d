namespace Federated.Aggregator.Functions;

/// <summary>Counts what arrives and how long it waits, from sample to sample: the planner's k and E.</summary>
internal sealed class NodeLoadMeter(TimeProvider time)
{
    private readonly Lock _gate = new();
    private long _since = time.GetTimestamp();
    private long _arrived;
    private long _summed;
    private TimeSpan _inService;

    public void Arrived()
    {
        lock (_gate)
        {
            _arrived++;
        }
    }

    /// <summary>An update is summed; <paramref name="storedAt"/> is the time stamp of its arrival.</summary>
    public void Summed(long storedAt)
    {
        lock (_gate)
        {
            _summed++;
            _inService += time.GetElapsedTime(storedAt);
        }
    }

    /// <summary>What happened since the sample before.</summary>
    public (double ArrivalRate, double SecondsPerUpdate) Sample()
    {
        lock (_gate)
        {
            double seconds = time.GetElapsedTime(_since).TotalSeconds;
            var sample = (seconds > 0 ? _arrived / seconds : 0, _summed > 0 ? _inService.TotalSeconds / _summed : 0);
            _since = time.GetTimestamp();
            _arrived = 0;
            _summed = 0;
            _inService = TimeSpan.Zero;
            return sample;
        }
    }
}
