using System.Text.Json.Serialization;

namespace Federated.Aggregator.Hosting.State;

/// <summary>Source-generated JSON of the shared documents.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true, IgnoreReadOnlyProperties = true)]
[JsonSerializable(typeof(NodeList))]
internal sealed partial class TierStateJson : JsonSerializerContext;
