using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Federated.DaprSidecar.Delivery;

/// <summary>Makes and reads the envelopes of events, as Dapr does.</summary>
internal static class CloudEvents
{
    public const string ContentType = "application/cloudevents+json";

    private const string OctetStream = "application/octet-stream";

    /// <summary>The bytes that go to the broker for a published payload.</summary>
    /// <exception cref="JsonException">The publisher brought an envelope of its own that is not JSON.</exception>
    public static byte[] Wrap(Publication publication, string source, TimeProvider time)
    {
        if (publication.Metadata.GetValueOrDefault("rawPayload") == "true")
        {
            return publication.Data.ToArray();
        }

        JsonObject envelope = MediaType(publication.ContentType) == ContentType
            ? JsonNode.Parse(publication.Data.Span)?.AsObject() ?? throw new JsonException("The envelope is null.")
            : New(Guid.NewGuid().ToString(), source, publication.ContentType, publication.Data, time);
        foreach ((string name, string value) in publication.Metadata)
        {
            if (name.StartsWith("cloudevent.", StringComparison.OrdinalIgnoreCase))
            {
                envelope[name["cloudevent.".Length..]] = value;
            }
        }

        if (publication.Metadata.TryGetValue("ttlInSeconds", out string? seconds) && int.TryParse(seconds, CultureInfo.InvariantCulture, out int ttl))
        {
            envelope["expiration"] = time.GetUtcNow().AddSeconds(ttl).ToString("O", CultureInfo.InvariantCulture);
        }

        envelope["topic"] = publication.Topic;
        envelope["pubsubname"] = publication.PubSub;
        return Encoding.UTF8.GetBytes(envelope.ToJsonString());
    }

    /// <summary>A raw payload is wrapped at each delivery, with an id of its own each time.</summary>
    public static byte[] WrapRaw(ReadOnlyMemory<byte> payload, string topic, string pubSub, TimeProvider time)
    {
        JsonObject envelope = New(Guid.NewGuid().ToString(), "Dapr", OctetStream, payload, time);
        envelope["topic"] = topic;
        envelope["pubsubname"] = pubSub;
        return Encoding.UTF8.GetBytes(envelope.ToJsonString());
    }

    public static bool HasExpired(ReadOnlyMemory<byte> envelope, TimeProvider time)
    {
        try
        {
            return JsonNode.Parse(envelope.Span) is JsonObject parsed
                && parsed.TryGetPropertyValue("expiration", out JsonNode? expiration)
                && DateTimeOffset.TryParse((string?)expiration, CultureInfo.InvariantCulture, out DateTimeOffset until)
                && until < time.GetUtcNow();
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static JsonObject New(string id, string source, string contentType, ReadOnlyMemory<byte> data, TimeProvider time)
    {
        var envelope = new JsonObject
        {
            ["id"] = id,
            ["specversion"] = "1.0",
            ["type"] = "com.dapr.event.sent",
            ["source"] = source,
            ["datacontenttype"] = contentType.Length == 0 ? "text/plain" : contentType,
            ["time"] = time.GetUtcNow().ToString("O", CultureInfo.InvariantCulture),
        };
        string media = MediaType(contentType);
        if (media == OctetStream)
        {
            envelope["data_base64"] = Convert.ToBase64String(data.Span);
        }
        else
        {
            envelope["data"] = media.EndsWith("json", StringComparison.Ordinal) ? AsJson(data) : Encoding.UTF8.GetString(data.Span);
        }

        return envelope;
    }

    private static JsonNode? AsJson(ReadOnlyMemory<byte> data)
    {
        try
        {
            return JsonNode.Parse(data.Span);
        }
        catch (JsonException)
        {
            return Encoding.UTF8.GetString(data.Span);
        }
    }

    private static string MediaType(string contentType) => contentType.Split(';')[0].Trim().ToLowerInvariant();
}
