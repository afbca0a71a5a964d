using System.Text.Json.Serialization.Metadata;

namespace Federated.Aggregator.Hosting.State;

/// <summary>Small documents that the processes of a tier share, each guarded by an ETag.</summary>
public interface ITierState
{
    /// <summary>Reads a document.</summary>
    /// <returns>The document and its ETag; null and the empty ETag when there is none.</returns>
    Task<(T? Document, string ETag)> ReadAsync<T>(string key, JsonTypeInfo<T> format, CancellationToken cancellationToken)
        where T : class;

    /// <summary>Writes a document if nobody has written it since it was read; with the empty ETag if nobody ever has.</summary>
    /// <returns>False when somebody was faster.</returns>
    Task<bool> TryWriteAsync<T>(string key, T document, string eTag, JsonTypeInfo<T> format, CancellationToken cancellationToken)
        where T : class;

    /// <summary>Deletes a document; nothing when there is none.</summary>
    Task DeleteAsync(string key, CancellationToken cancellationToken);
}
