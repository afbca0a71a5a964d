using System.Text.Json;
using System.Text.Json.Serialization;

namespace Federated.Client.Sparse;

/// <summary>The JSON form of an architecture, source-generated so that it works ahead of time.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, UseStringEnumConverter = true)]
[JsonSerializable(typeof(SparseArchitecture))]
internal sealed partial class SparseJson : JsonSerializerContext;
