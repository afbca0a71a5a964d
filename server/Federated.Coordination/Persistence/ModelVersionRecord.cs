namespace Federated.Coordination.Persistence;

/// <summary>One model version of a job. Versions only ever grow in number; a roll-back adds one.</summary>
/// <param name="Job">The job.</param>
/// <param name="Version">From 0. A training round makes the version of its own number, so an abandoned round leaves a gap.</param>
/// <param name="BlobId">SHA-256 of the model file, lower-case hexadecimal.</param>
/// <param name="ByteLength">Bytes of the model file.</param>
/// <param name="SchemaHash">SHA-256 of the schema, lower-case hexadecimal.</param>
/// <param name="StateBlobId">The algorithm's state after this version was made (optimizer moments); null when there is none.</param>
/// <param name="TrainingRounds">Training rounds that are behind these parameters; the job is done when it reaches the number asked for.</param>
/// <param name="Parent">The version that the round started from; for a roll-back the one whose blobs it shares; null for the initial one.</param>
/// <param name="Origin">How it came to be.</param>
/// <param name="CreatedAt">When it was committed.</param>
public sealed record ModelVersionRecord(
    JobKey Job,
    int Version,
    string BlobId,
    long ByteLength,
    string SchemaHash,
    string? StateBlobId,
    int TrainingRounds,
    int? Parent,
    ModelVersionOrigin Origin,
    DateTimeOffset CreatedAt);
