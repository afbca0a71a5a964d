using System.Text.Json.Serialization;

namespace Federated.Protocol.Tier;

/// <summary>Source-generated JSON of the tier's events. Unknown members are skipped, so that nodes of two versions can talk.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    IgnoreReadOnlyProperties = true,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    Converters = [typeof(SectionSpecJson)])]
[JsonSerializable(typeof(TreePlan))]
[JsonSerializable(typeof(RoundOpened))]
[JsonSerializable(typeof(RoundReady))]
[JsonSerializable(typeof(UpdatesStored))]
[JsonSerializable(typeof(UpdatesUnwanted))]
[JsonSerializable(typeof(RoundClosing))]
[JsonSerializable(typeof(ClosingDelayed))]
[JsonSerializable(typeof(PartialReady))]
[JsonSerializable(typeof(CoefficientsReady))]
[JsonSerializable(typeof(AggregateReady))]
[JsonSerializable(typeof(RoundEnded))]
[JsonSerializable(typeof(NodeJoined))]
[JsonSerializable(typeof(NodeAlive))]
[JsonSerializable(typeof(NodeLeft))]
[JsonSerializable(typeof(DevicesRevoked))]
public sealed partial class TierJson : JsonSerializerContext;
