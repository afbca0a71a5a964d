using System.Text.Json;
using System.Text.Json.Serialization;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;

namespace Federated.Protocol;

/// <summary>Source-generated JSON of the protocol's documents, so that the SDK can be trimmed and compiled ahead of time.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(ModelSchemaDocument))]
[JsonSerializable(typeof(JobDefinition))]
internal sealed partial class ProtocolJson : JsonSerializerContext
{
    /// <summary>No white space; the canonical form that hashes are taken of.</summary>
    internal static ProtocolJson Compact => field ??= new(new JsonSerializerOptions(Default.Options) { WriteIndented = false });

    /// <summary>For files that people read.</summary>
    internal static ProtocolJson Indented => field ??= new(new JsonSerializerOptions(Default.Options)
    {
        WriteIndented = true,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
    });
}
