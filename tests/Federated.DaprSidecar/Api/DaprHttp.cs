using System.Text.Json;
using System.Text.Json.Nodes;
using Federated.DaprSidecar.Delivery;
using Federated.DaprSidecar.State;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace Federated.DaprSidecar.Api;

/// <summary>Dapr's HTTP interface, as far as pub/sub, state, health, metadata and shutdown go.</summary>
internal static class DaprHttp
{
    private const string MetadataPrefix = "metadata.";

    public static void MapDaprHttp(this IEndpointRouteBuilder endpoints)
    {
        RouteGroupBuilder api = endpoints.MapGroup("/v1.0").AddEndpointFilter(TellErrorsAsync);
        api.MapMethods("/publish/{pubSub}/{**topic}", ["POST", "PUT"], PublishAsync);
        api.MapMethods("/publish/bulk/{pubSub}/{**topic}", ["POST", "PUT"], BulkPublishAsync);
        api.MapGet("/state/{store}/{**key}", GetStateAsync);
        api.MapDelete("/state/{store}/{**key}", DeleteStateAsync);
        api.MapMethods("/state/{store}", ["POST", "PUT"], SaveStateAsync);
        api.MapMethods("/state/{store}/bulk", ["POST", "PUT"], GetBulkStateAsync);
        api.MapMethods("/state/{store}/transaction", ["POST", "PUT"], TransactAsync);
        api.MapGet("/healthz", (DeliveryService delivery) => delivery.Ready.IsCompletedSuccessfully ? Results.NoContent() : Results.StatusCode(500));
        api.MapGet("/healthz/outbound", () => Results.NoContent());
        api.MapGet("/metadata", (SidecarApp app, DeliveryService delivery) => Results.Json(new JsonObject
        {
            ["id"] = app.Id,
            ["runtimeVersion"] = "development",
            ["subscriptions"] = new JsonArray([.. delivery.Subscriptions.Select(subscription => new JsonObject
            {
                ["pubsubname"] = subscription.PubSubName,
                ["topic"] = subscription.Topic,
                ["deadLetterTopic"] = subscription.DeadLetterTopic,
            })]),
        }));
        api.MapPost("/shutdown", (IHostApplicationLifetime lifetime) =>
        {
            lifetime.StopApplication();
            return Results.NoContent();
        });
    }

    private static async ValueTask<object?> TellErrorsAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            return await next(context);
        }
        catch (ApiError error)
        {
            return Results.Json(new JsonObject { ["errorCode"] = error.Code, ["message"] = error.Message }, statusCode: (int)error.Http);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            return Results.Json(new JsonObject { ["errorCode"] = "ERR_MALFORMED_REQUEST", ["message"] = exception.Message }, statusCode: 400);
        }
    }

    private static async Task<IResult> PublishAsync(HttpRequest request, string pubSub, string? topic, PubSubApi api, CancellationToken cancellationToken)
    {
        byte[] body = await ReadAsync(request, cancellationToken);
        await api.PublishAsync(new Publication(pubSub, topic ?? "", body, request.ContentType ?? "", MetadataOf(request)), cancellationToken);
        return Results.NoContent();
    }

    private static async Task<IResult> BulkPublishAsync(HttpRequest request, string pubSub, string? topic, PubSubApi api, CancellationToken cancellationToken)
    {
        api.Check(pubSub, topic ?? "");
        using JsonDocument entries = await JsonDocument.ParseAsync(request.Body, cancellationToken: cancellationToken);
        var failed = new JsonArray();
        foreach (JsonElement entry in entries.RootElement.EnumerateArray())
        {
            string contentType = entry.TryGetProperty("contentType", out JsonElement type) ? type.GetString() ?? "" : "";
            Dictionary<string, string> metadata = MetadataOf(request);
            if (entry.TryGetProperty("metadata", out JsonElement own))
            {
                own.EnumerateObject().ToList().ForEach(pair => metadata[pair.Name] = pair.Value.GetString() ?? "");
            }

            try
            {
                JsonElement data = entry.GetProperty("event");
                await api.PublishAsync(new Publication(pubSub, topic!, BytesOf(data, contentType), contentType, metadata), cancellationToken);
            }
            catch (ApiError error)
            {
                failed.Add(new JsonObject { ["entryId"] = entry.GetProperty("entryId").GetString(), ["error"] = error.Message });
            }
        }

        return failed.Count == 0
            ? Results.NoContent()
            : Results.Json(new JsonObject { ["failedEntries"] = failed, ["errorCode"] = "ERR_PUBSUB_PUBLISH_MESSAGE" }, statusCode: 500);
    }

    private static async Task<IResult> GetStateAsync(HttpResponse response, string store, string key, StateApi api, CancellationToken cancellationToken)
    {
        if (await api.FindAsync(store, key, cancellationToken) is not { } entry)
        {
            return Results.NoContent();
        }

        response.Headers.ETag = $"\"{entry.ETag}\"";
        return Results.Bytes(entry.Value, "application/json");
    }

    private static async Task<IResult> DeleteStateAsync(HttpRequest request, string store, string key, StateApi api, CancellationToken cancellationToken)
    {
        await api.ApplyAsync(store, [new StateChange(key, null, request.Headers.IfMatch.ToString().Trim('"'), false)], cancellationToken);
        return Results.NoContent();
    }

    private static async Task<IResult> SaveStateAsync(HttpRequest request, string store, StateApi api, CancellationToken cancellationToken)
    {
        using JsonDocument items = await JsonDocument.ParseAsync(request.Body, cancellationToken: cancellationToken);
        await api.ApplyEachAsync(store, items.RootElement.EnumerateArray().Select(item => ChangeOf(item, isDeletion: false)), cancellationToken);
        return Results.NoContent();
    }

    private static async Task<IResult> GetBulkStateAsync(HttpRequest request, string store, StateApi api, CancellationToken cancellationToken)
    {
        using JsonDocument query = await JsonDocument.ParseAsync(request.Body, cancellationToken: cancellationToken);
        var found = new JsonArray();
        foreach (JsonElement key in query.RootElement.GetProperty("keys").EnumerateArray())
        {
            StateEntry? entry = await api.FindAsync(store, key.GetString()!, cancellationToken);
            found.Add(new JsonObject
            {
                ["key"] = key.GetString(),
                ["data"] = entry is null ? null : JsonNode.Parse(entry.Value),
                ["etag"] = entry?.ETag,
            });
        }

        return Results.Json(found);
    }

    private static async Task<IResult> TransactAsync(HttpRequest request, string store, StateApi api, CancellationToken cancellationToken)
    {
        using JsonDocument transaction = await JsonDocument.ParseAsync(request.Body, cancellationToken: cancellationToken);
        StateChange[] changes = [.. transaction.RootElement.GetProperty("operations").EnumerateArray()
            .Select(operation => ChangeOf(operation.GetProperty("request"), operation.GetProperty("operation").GetString() == "delete"))];
        await api.ApplyAsync(store, changes, cancellationToken);
        return Results.NoContent();
    }

    private static StateChange ChangeOf(JsonElement item, bool isDeletion) => new(
        item.GetProperty("key").GetString()!,
        isDeletion ? null : JsonSerializer.SerializeToUtf8Bytes(item.GetProperty("value")),
        item.TryGetProperty("etag", out JsonElement etag) ? etag.GetString() : null,
        item.TryGetProperty("options", out JsonElement options) && options.TryGetProperty("concurrency", out JsonElement concurrency)
            && concurrency.GetString() == "first-write");

    private static byte[] BytesOf(JsonElement data, string contentType) =>
        data.ValueKind != JsonValueKind.String ? JsonSerializer.SerializeToUtf8Bytes(data)
        : contentType == "application/octet-stream" ? data.GetBytesFromBase64()
        : System.Text.Encoding.UTF8.GetBytes(data.GetString()!);

    private static Dictionary<string, string> MetadataOf(HttpRequest request) =>
        request.Query.Where(pair => pair.Key.StartsWith(MetadataPrefix, StringComparison.Ordinal))
            .ToDictionary(pair => pair.Key[MetadataPrefix.Length..], pair => pair.Value.ToString(), StringComparer.OrdinalIgnoreCase);

    private static async Task<byte[]> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        using var buffer = new MemoryStream();
        await request.Body.CopyToAsync(buffer, cancellationToken);
        return buffer.ToArray();
    }
}
