namespace Federated.Coordination.Compression;

/// <summary>One step of the down-link: a blob that turns a model which devices held into the next.</summary>
/// <param name="BaseBlobId">The model that it starts from.</param>
/// <param name="BlobId">The difference.</param>
/// <param name="ByteLength">Bytes of the difference.</param>
public sealed record BroadcastLink(string BaseBlobId, string BlobId, long ByteLength);
