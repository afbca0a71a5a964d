using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Federated.DaprSidecar.Delivery;

/// <summary>The sidecar's HTTP calls to its app.</summary>
internal sealed class AppChannel(Uri address) : IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = address, Timeout = TimeSpan.FromMinutes(1) };

    /// <summary>The app's subscriptions; empty when it answers 404, null when it cannot be reached yet.</summary>
    public async Task<IReadOnlyList<AppSubscription>?> FetchSubscriptionsAsync(CancellationToken cancellationToken)
    {
        try
        {
            using HttpResponseMessage response = await _http.GetAsync("/dapr/subscribe", cancellationToken);
            return response.StatusCode switch
            {
                HttpStatusCode.NotFound => [],
                HttpStatusCode.OK => AppSubscription.ReadList(await response.Content.ReadAsByteArrayAsync(cancellationToken)),
                _ => null,
            };
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    public async Task<DeliveryStatus> DeliverAsync(string route, ReadOnlyMemory<byte> envelope, CancellationToken cancellationToken)
    {
        using var content = new ReadOnlyMemoryContent(envelope);
        content.Headers.ContentType = new MediaTypeHeaderValue(CloudEvents.ContentType);
        try
        {
            using HttpResponseMessage response = await _http.PostAsync(route, content, cancellationToken);
            return response.StatusCode == HttpStatusCode.NotFound ? DeliveryStatus.Drop
                : response.IsSuccessStatusCode ? StatusOf(await response.Content.ReadAsByteArrayAsync(cancellationToken))
                : DeliveryStatus.Retry;
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return DeliveryStatus.Retry;
        }
    }


    public void Dispose() => _http.Dispose();

    /// <summary>Success when there is no status or no JSON; a status that Dapr does not know asks for a retry.</summary>
    private static DeliveryStatus StatusOf(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            string? status = document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("status", out JsonElement value)
                ? value.GetString()
                : null;
            return status switch
            {
                null or "" or "SUCCESS" => DeliveryStatus.Success,
                "DROP" => DeliveryStatus.Drop,
                _ => DeliveryStatus.Retry,
            };
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return DeliveryStatus.Success;
        }
    }
}
