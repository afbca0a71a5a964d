using System.Net;
using Federated.Protocol.Uploads;

namespace Federated.Benchmarks.Gateway;

/// <summary>The same bytes as a plain HTTP/2 request body, written in slices of the same length.</summary>
internal sealed class BareUpload(HttpClient client, string address, byte[] payload)
{
    public async Task SendAsync(CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address + GatewayServer.BarePath)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new Slices(payload),
        };
        using HttpResponseMessage response = await client.SendAsync(request, cancellationToken);
        response.EnsureSuccessStatusCode();
    }

    private sealed class Slices(byte[] payload) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            for (int sent = 0; sent < payload.Length; sent += UploadMethod.PreferredChunkBytes)
            {
                await stream.WriteAsync(payload.AsMemory(sent, Math.Min(UploadMethod.PreferredChunkBytes, payload.Length - sent)));
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = payload.Length;
            return true;
        }
    }
}
