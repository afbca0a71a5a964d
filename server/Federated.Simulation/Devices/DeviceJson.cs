using System.Text.Json;
using System.Text.Json.Serialization;

namespace Federated.Simulation.Devices;

/// <summary>Reads files of device profiles.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    ReadCommentHandling = JsonCommentHandling.Skip,
    AllowTrailingCommas = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(DeviceProfile))]
internal sealed partial class DeviceJson : JsonSerializerContext;
