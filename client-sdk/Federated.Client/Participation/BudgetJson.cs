using System.Text.Json;
using System.Text.Json.Serialization;

namespace Federated.Client.Participation;

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(BudgetPeriod))]
internal sealed partial class BudgetJson : JsonSerializerContext;
