using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Dapr;
using Dapr.Client;
using Federated.Aggregator.Hosting.Dapr;
using Grpc.Core;
using Microsoft.Extensions.Options;

namespace Federated.Aggregator.Hosting.State;

/// <summary>The shared documents in a Dapr state store.</summary>
internal sealed class DaprTierState(DaprClient client, SidecarCalls sidecar, IOptions<DaprOptions> options) : ITierState
{
    private static readonly StateOptions FirstWrite = new() { Concurrency = ConcurrencyMode.FirstWrite };

    public Task<(T? Document, string ETag)> ReadAsync<T>(string key, JsonTypeInfo<T> format, CancellationToken cancellationToken)
        where T : class =>
        sidecar.RunAsync<(T?, string)>(
            async token =>
            {
                (ReadOnlyMemory<byte> value, string eTag) = await client.GetByteStateAndETagAsync(
                    options.Value.StateStore, Full(key), cancellationToken: token);
                return value.IsEmpty ? (null, "") : (JsonSerializer.Deserialize(value.Span, format), eTag);
            },
            cancellationToken);

    public Task<bool> TryWriteAsync<T>(string key, T document, string eTag, JsonTypeInfo<T> format, CancellationToken cancellationToken)
        where T : class =>
        sidecar.RunAsync(
            async token =>
            {
                byte[] json = JsonSerializer.SerializeToUtf8Bytes(document, format);
                if (eTag.Length > 0)
                {
                    return await client.TrySaveByteStateAsync(options.Value.StateStore, Full(key), json, eTag, FirstWrite, cancellationToken: token);
                }

                try
                {
                    await client.SaveByteStateAsync(options.Value.StateStore, Full(key), json, FirstWrite, cancellationToken: token);
                    return true;
                }
                catch (DaprException exception) when (exception.InnerException is RpcException { StatusCode: StatusCode.Aborted })
                {
                    return false;
                }
            },
            cancellationToken);

    public Task DeleteAsync(string key, CancellationToken cancellationToken) =>
        sidecar.RunAsync(
            async token =>
            {
                await client.DeleteStateAsync(options.Value.StateStore, Full(key), cancellationToken: token);
                return true;
            },
            cancellationToken);

    private string Full(string key) => $"{options.Value.Prefix}.{key}";
}
