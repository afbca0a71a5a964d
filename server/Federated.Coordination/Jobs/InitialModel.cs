namespace Federated.Coordination.Jobs;

/// <summary>The model that an admitted job begins with, in the model store.</summary>
/// <param name="BlobId">SHA-256 of the file in hexadecimal.</param>
/// <param name="ByteLength">Bytes of the file.</param>
/// <param name="SchemaHash">SHA-256 of the schema in hexadecimal.</param>
internal sealed record InitialModel(string BlobId, long ByteLength, string SchemaHash);
