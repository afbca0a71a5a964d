using Federated.Coordination.Algorithms.Statistics;

namespace Federated.Server.Rest.Contracts;

/// <summary>Pooled statistics of the devices' data. What was not asked for is null.</summary>
/// <param name="Version">The model version at which they were taken.</param>
/// <param name="TakenAt">When.</param>
/// <param name="Devices">Devices whose sums are in them.</param>
/// <param name="Examples">Examples on these devices.</param>
/// <param name="Features">Count, mean and variance of every feature.</param>
/// <param name="Labels">Examples of every label.</param>
/// <param name="Normalisation">Count, mean and variance of the inputs of every channel, by normalisation layer.</param>
internal sealed record StatisticsView(
    int Version,
    DateTimeOffset TakenAt,
    int Devices,
    double Examples,
    PooledMoments? Features,
    IReadOnlyList<long>? Labels,
    IReadOnlyList<PooledLayer>? Normalisation)
{
    public static StatisticsView Of(PooledStatistics statistics, DateTimeOffset takenAt)
    {
        return new StatisticsView(
            statistics.Version, takenAt, statistics.Devices, statistics.Examples, statistics.Features, statistics.Labels, statistics.Normalisation);
    }
}
