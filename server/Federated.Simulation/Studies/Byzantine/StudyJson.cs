using System.Text.Json.Serialization;

namespace Federated.Simulation.Studies.Byzantine;

/// <summary>Reads and writes the lines of <c>cells.jsonl</c>.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(CellResult))]
internal sealed partial class StudyJson : JsonSerializerContext;
