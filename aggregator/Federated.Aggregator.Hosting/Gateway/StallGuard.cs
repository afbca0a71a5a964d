using Microsoft.AspNetCore.Http;

namespace Federated.Aggregator.Hosting.Gateway;

/// <summary>
/// Aborts a call that has been silent for too long: gRPC switches Kestrel's minimum data rate off for streams, and a peer that
/// vanished without a word would keep its slot for ever.
/// </summary>
internal sealed class StallGuard : IDisposable
{
    private readonly TimeSpan _timeout;
    private readonly ITimer _timer;

    public StallGuard(HttpContext call, TimeSpan timeout, TimeProvider time)
    {
        _timeout = timeout;
        _timer = time.CreateTimer(static state => ((HttpContext)state!).Abort(), call, timeout, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Something has arrived.</summary>
    public void Progress() => _timer.Change(_timeout, Timeout.InfiniteTimeSpan);

    public void Dispose() => _timer.Dispose();
}
