using System.Text.Json;
using System.Text.Json.Serialization;

namespace Federated.Client.Identity;

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true)]
[JsonSerializable(typeof(DeviceIdentity))]
internal sealed partial class IdentityJson : JsonSerializerContext;
