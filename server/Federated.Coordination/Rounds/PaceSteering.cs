using Federated.Numerics;

namespace Federated.Coordination.Rounds;

/// <summary>
/// Tells rejected devices when to come back. Few devices are called back within seconds, so that a cohort fills;
/// many are spread over the time in which the population is drawn through once, so that they do not all come at once.
/// </summary>
public sealed class PaceSteering
{
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);
    private static readonly TimeSpan TypicalRound = TimeSpan.FromMinutes(1);
    private readonly ulong _seed;

    /// <summary>Creates a pace that is fixed by a seed.</summary>
    /// <param name="seed">The job's seed.</param>
    public PaceSteering(ulong seed)
    {
        _seed = seed;
    }

    /// <summary>
    /// The time after which a rejected device is to check in again: uniform between half and one and a half of the mean, the
    /// draw being addressed by device and call.
    /// </summary>
    /// <param name="candidate">The device and its call.</param>
    /// <param name="population">Devices that are around.</param>
    /// <param name="terms">The open round's terms; null between rounds.</param>
    public TimeSpan RetryAfter(in Candidate candidate, int population, RoundTerms? terms)
    {
        double mean = Shortest.TotalSeconds * 2;
        if (terms is not null && population > 4 * terms.Target)
        {
            double round = Math.Min(terms.ReportingTime.TotalSeconds, TypicalRound.TotalSeconds);
            mean = Math.Max(mean, round * population / (2.0 * terms.Target));
        }

        var random = new CounterRandom(_seed, RandomPurpose.Pacing, candidate.ClientIndex, (uint)candidate.CallId);
        return TimeSpan.FromSeconds(Math.Min(mean * (0.5 + random.NextDouble()), Longest.TotalSeconds));
    }
}
