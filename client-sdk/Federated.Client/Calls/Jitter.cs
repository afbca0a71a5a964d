using Federated.Numerics;

namespace Federated.Client.Calls;

/// <summary>Spreads delays at random, so that devices that failed together do not come back together. Safe for several threads.</summary>
internal sealed class Jitter(CounterRandom random)
{
    /// <summary>A delay is stretched by at most this share.</summary>
    public const double LongestStretch = 0.25;

    private readonly Lock _gate = new();
    private readonly CounterRandom _random = random;

    /// <summary>Uniform in 0 to 1, exclusive.</summary>
    public double Next()
    {
        lock (_gate)
        {
            return _random.NextDouble();
        }
    }

    /// <summary>The delay or up to a quarter more, never less: a server that asks for a delay gets it.</summary>
    public TimeSpan Stretch(TimeSpan delay) => delay * (1 + (LongestStretch * Next()));
}
