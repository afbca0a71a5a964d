using System.Text.Json.Serialization;

namespace Federated.Aggregator.Hosting.Dapr;

/// <summary>Source-generated JSON of <see cref="TierMessage"/>.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(TierMessage))]
internal sealed partial class TierMessageJson : JsonSerializerContext;
