namespace Federated.Server.Rest.Contracts;

/// <summary>A model in the model store.</summary>
/// <param name="BlobId">SHA-256 of the file; names the model when a job is created.</param>
/// <param name="ByteLength">Bytes of the file.</param>
/// <param name="SchemaHash">SHA-256 of the schema.</param>
/// <param name="Architecture">Name of the architecture; empty when the file does not say.</param>
/// <param name="Tensors">Number of tensors.</param>
/// <param name="ParameterCount">Number of parameters (float32).</param>
/// <param name="StatisticCount">Number of batch-norm statistics (float32).</param>
/// <param name="CountCount">Number of integer buffer elements (int64).</param>
internal sealed record StoredModelView(
    string BlobId, long ByteLength, string SchemaHash, string Architecture, int Tensors, int ParameterCount, int StatisticCount, int CountCount);
