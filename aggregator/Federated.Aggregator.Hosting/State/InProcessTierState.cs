using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Federated.Aggregator.Hosting.State;

/// <summary>The shared documents of a tier that is one process.</summary>
public sealed class InProcessTierState : ITierState
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, (byte[] Json, long Version)> _documents = new(StringComparer.Ordinal);
    private long _version;

    /// <inheritdoc/>
    public Task<(T? Document, string ETag)> ReadAsync<T>(string key, JsonTypeInfo<T> format, CancellationToken cancellationToken)
        where T : class
    {
        lock (_gate)
        {
            return Task.FromResult(_documents.TryGetValue(key, out (byte[] Json, long Version) found)
                ? (JsonSerializer.Deserialize(found.Json, format), found.Version.ToString(CultureInfo.InvariantCulture))
                : (null, ""));
        }
    }

    /// <inheritdoc/>
    public Task<bool> TryWriteAsync<T>(string key, T document, string eTag, JsonTypeInfo<T> format, CancellationToken cancellationToken)
        where T : class
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(document, format);
        lock (_gate)
        {
            string present = _documents.TryGetValue(key, out (byte[] Json, long Version) found) ? found.Version.ToString(CultureInfo.InvariantCulture) : "";
            if (present != eTag)
            {
                return Task.FromResult(false);
            }

            _documents[key] = (json, ++_version);
            return Task.FromResult(true);
        }
    }

    /// <inheritdoc/>
    public Task DeleteAsync(string key, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _documents.Remove(key);
        }

        return Task.CompletedTask;
    }
}
