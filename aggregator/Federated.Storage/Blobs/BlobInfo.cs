namespace Federated.Storage.Blobs;

/// <summary>One stored blob, for garbage collection.</summary>
/// <param name="Id">Its hash.</param>
/// <param name="Length">Its bytes.</param>
/// <param name="WrittenAt">When it was last put; a collector spares young blobs, whose database record may follow.</param>
public readonly record struct BlobInfo(BlobId Id, long Length, DateTimeOffset WrittenAt);
