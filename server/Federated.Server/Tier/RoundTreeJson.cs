using System.Text.Json.Serialization;

namespace Federated.Server.Tier;

/// <summary>Source-generated JSON of <see cref="RoundTree"/>.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    IgnoreReadOnlyProperties = true)]
[JsonSerializable(typeof(RoundTree))]
internal sealed partial class RoundTreeJson : JsonSerializerContext;
