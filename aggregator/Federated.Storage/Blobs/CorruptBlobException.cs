namespace Federated.Storage.Blobs;

/// <summary>A stored blob does not have the hash that is its name. Its bytes are never returned.</summary>
public sealed class CorruptBlobException(string path, BlobId expected, BlobId actual, string? quarantinePath)
    : IOException(
        $"Blob {path} is corrupt: its SHA-256 is {actual}, expected {expected}. " +
        (quarantinePath is null ? "It was replaced or removed meanwhile." : $"It was moved to {quarantinePath}."))
{
    public string Path { get; } = path;

    public BlobId Expected { get; } = expected;

    public BlobId Actual { get; } = actual;

    /// <summary>Where the bytes lie now; null when another writer replaced or removed the blob meanwhile.</summary>
    public string? QuarantinePath { get; } = quarantinePath;
}
