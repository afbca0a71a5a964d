using System.Text.Json.Serialization;

namespace Federated.Coordination.Algorithms.Statistics;

/// <summary>Reads and writes pooled statistics.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(PooledStatistics))]
internal sealed partial class StatisticsJson : JsonSerializerContext;
