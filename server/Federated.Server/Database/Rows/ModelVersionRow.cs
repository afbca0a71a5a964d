using Federated.Coordination.Persistence;

namespace Federated.Server.Database.Rows;

/// <summary>A model version of a job.</summary>
internal sealed class ModelVersionRow
{
    public required string TenantId { get; init; }

    public required string JobId { get; init; }

    public required int Version { get; init; }

    /// <summary>SHA-256 of the model file, lower-case hexadecimal.</summary>
    public required string BlobId { get; init; }

    public required long ByteLength { get; init; }

    public required string SchemaHash { get; init; }

    public string? StateBlobId { get; init; }

    public required int TrainingRounds { get; init; }

    public int? Parent { get; init; }

    public required ModelVersionOrigin Origin { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
}
