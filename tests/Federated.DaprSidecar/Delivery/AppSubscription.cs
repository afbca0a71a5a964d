using System.Text.Json;

namespace Federated.DaprSidecar.Delivery;

/// <summary>One entry of the list that an app answers at <c>GET /dapr/subscribe</c>.</summary>
internal sealed record AppSubscription(string PubSubName, string Topic, string Route, string? DeadLetterTopic, bool IsRawPayload)
{
    /// <summary>Reads the list. Like daprd it ignores the case of names and adds the slash that the SDK leaves out.</summary>
    /// <exception cref="FormatException">The list is not as Dapr's documentation says, or uses routing rules, which this sidecar has not.</exception>
    public static IReadOnlyList<AppSubscription> ReadList(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.ValueKind == JsonValueKind.Array
            ? [.. document.RootElement.EnumerateArray().Select(Read)]
            : throw new FormatException("GET /dapr/subscribe must answer a JSON array.");
    }

    private static AppSubscription Read(JsonElement entry)
    {
        string? route = Text(entry, "route");
        if (route is null && Find(entry, "routes") is { } routes)
        {
            if (Find(routes, "rules") is { } rules && rules.GetArrayLength() > 0)
            {
                throw new FormatException("Routing rules (CEL) are not known to the development sidecar; use one route a topic.");
            }

            route = Text(routes, "default");
        }

        return new AppSubscription(
            Required(Text(entry, "pubsubname"), "pubsubname"), Required(Text(entry, "topic"), "topic"),
            "/" + Required(route, "route").TrimStart('/'), Text(entry, "deadLetterTopic"),
            Find(entry, "metadata") is { } metadata && Text(metadata, "rawPayload") == "true");
    }

    private static string Required(string? value, string name) =>
        string.IsNullOrEmpty(value) ? throw new FormatException($"A subscription lacks its {name}.") : value;

    private static string? Text(JsonElement element, string name) =>
        Find(element, name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    private static JsonElement? Find(JsonElement element, string name)
    {
        foreach (JsonProperty property in element.EnumerateObject())
        {
            if (property.Name.Equals(name, StringComparison.OrdinalIgnoreCase) && property.Value.ValueKind != JsonValueKind.Null)
            {
                return property.Value;
            }
        }

        return null;
    }
}
