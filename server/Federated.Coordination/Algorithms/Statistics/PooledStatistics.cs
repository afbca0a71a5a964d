using System.Text.Json;
using Federated.Coordination.Tier;
using Federated.Protocol.Models;
using Federated.Protocol.Statistics;
using Federated.Protocol.V1;

namespace Federated.Coordination.Algorithms.Statistics;

/// <summary>What a round of statistics has found out. Stored as a blob that the round record names; also a part of a simulation's result.</summary>
public sealed record PooledStatistics
{
    /// <summary>The layout version that this build reads and writes.</summary>
    public const int CurrentLayout = 1;

    /// <summary>Layout version; 1.</summary>
    public int Layout { get; init; } = CurrentLayout;

    /// <summary>The model version under which they were taken.</summary>
    public required int Version { get; init; }

    /// <summary>Devices whose sums are in it.</summary>
    public required int Devices { get; init; }

    /// <summary>Examples on these devices.</summary>
    public required double Examples { get; init; }

    /// <summary>Moments of every feature, in the order of an example; null when they were not asked for.</summary>
    public PooledMoments? Features { get; init; }

    /// <summary>Examples of every label (for text: positions); null when they were not asked for.</summary>
    public IReadOnlyList<long>? Labels { get; init; }

    /// <summary>Moments of the inputs of every normalisation layer, in schema order; null when they were not asked for.</summary>
    public IReadOnlyList<PooledLayer>? Normalisation { get; init; }

    /// <summary>Divides the sums of a round.</summary>
    /// <param name="version">The model version.</param>
    /// <param name="aggregate">The sums, all finite.</param>
    /// <param name="schema">The schema of the model.</param>
    public static PooledStatistics Of(int version, RoundAggregate aggregate, ModelSchema schema) => new()
    {
        Version = version,
        Devices = aggregate.Included.Count,
        Examples = aggregate.Included.Sum(update => update.Weight),
        Features = aggregate.Find(SectionRole.Scalars) is { } features ? Moments(features.Wide) : null,
        Labels = aggregate.Find(SectionRole.Counts) is { } labels ? [.. labels.Wide.Select(count => (long)count)] : null,
        Normalisation = aggregate.Find(SectionRole.BnStatistics) is { } inputs ? Layers(inputs.Wide, schema) : null,
    };

    /// <summary>The stored form: UTF-8 JSON.</summary>
    public byte[] ToJsonBytes() => JsonSerializer.SerializeToUtf8Bytes(this, StatisticsJson.Default.PooledStatistics);

    /// <summary>Reads the stored form.</summary>
    /// <param name="utf8Json">What <see cref="ToJsonBytes"/> wrote.</param>
    /// <exception cref="InvalidDataException">The bytes are not statistics of this layout.</exception>
    public static PooledStatistics Parse(ReadOnlySpan<byte> utf8Json)
    {
        try
        {
            return JsonSerializer.Deserialize(utf8Json, StatisticsJson.Default.PooledStatistics) is { Layout: CurrentLayout } statistics
                ? statistics
                : throw new InvalidDataException($"The pooled statistics are of another layout than {CurrentLayout}.");
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException($"The pooled statistics are malformed: {exception.Message}", exception);
        }
    }

    private static PooledMoments Moments(double[] section)
    {
        var sums = new MomentSums(section);
        return PooledMoments.Of(sums, 0, sums.Columns);
    }

    private static List<PooledLayer> Layers(double[] section, ModelSchema schema)
    {
        var sums = new MomentSums(section);
        var layers = new List<PooledLayer>();
        int first = 0;
        foreach (NormalisationLayer layer in NormalisationLayer.Of(schema))
        {
            layers.Add(new PooledLayer(layer.Name, PooledMoments.Of(sums, first, layer.Channels)));
            first += layer.Channels;
        }

        return layers;
    }
}
