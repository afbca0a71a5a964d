using Federated.Coordination.Persistence;
using Federated.Server.Database.Rows;

namespace Federated.Server.Rest.Contracts;

/// <summary>A model version.</summary>
internal sealed record VersionView(
    int Version,
    string BlobId,
    long ByteLength,
    string SchemaHash,
    int TrainingRounds,
    int? Parent,
    ModelVersionOrigin Origin,
    DateTimeOffset CreatedAt)
{
    public static VersionView Of(ModelVersionRow row)
    {
        return new VersionView(
            row.Version, row.BlobId, row.ByteLength, row.SchemaHash, row.TrainingRounds, row.Parent, row.Origin, row.CreatedAt);
    }
}
