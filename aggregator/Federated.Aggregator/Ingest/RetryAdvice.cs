namespace Federated.Aggregator.Ingest;

/// <summary>
/// When a sender that found the pool full should come back: the k-th one refused since the pool last had room waits for the
/// time in which the node frees k slots, so that those who return do not all find it full again.
/// </summary>
internal sealed class RetryAdvice(TimeProvider time)
{
    private const double Smoothing = 0.2;
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private double _secondsPerSlot = 0.1;
    private long _lastFreed = time.GetTimestamp();
    private int _refused;

    /// <summary>A slot has become free.</summary>
    public void SlotFreed()
    {
        lock (_gate)
        {
            long now = time.GetTimestamp();

            // An idle node frees nothing; that says nothing about how fast it can.
            double seconds = Math.Min(time.GetElapsedTime(_lastFreed, now).TotalSeconds, 1);
            _secondsPerSlot += Smoothing * (seconds - _secondsPerSlot);
            _lastFreed = now;
            _refused = Math.Max(0, _refused - 1);
        }
    }

    /// <summary>The delay for one more refused sender.</summary>
    public TimeSpan Next()
    {
        lock (_gate)
        {
            _refused++;
            double seconds = Math.Min(_refused * _secondsPerSlot, Most.TotalSeconds);
            return TimeSpan.FromMilliseconds(Math.Ceiling(Math.Max(seconds * 1000, Least.TotalMilliseconds)));
        }
    }
}
