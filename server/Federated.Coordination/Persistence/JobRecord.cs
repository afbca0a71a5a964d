using Federated.Protocol.Jobs;

namespace Federated.Coordination.Persistence;

/// <summary>A job as it is stored.</summary>
/// <param name="Key">Its name.</param>
/// <param name="Definition">What was asked for; never changes.</param>
/// <param name="Status">Where it stands.</param>
/// <param name="StatusReason">One sentence for administrators; null while nothing needs saying.</param>
/// <param name="CreatedAt">When it was created.</param>
/// <param name="WriterEpoch">Rises by one each time a coordinator takes the job over; 0 before the first.</param>
/// <param name="StateEpoch">Rises when clients' saved state becomes invalid: a roll-back or an abandoned training round.</param>
/// <param name="CurrentVersion">Number of the model version that the next round starts from.</param>
public sealed record JobRecord(
    JobKey Key,
    JobDefinition Definition,
    JobStatus Status,
    string? StatusReason,
    DateTimeOffset CreatedAt,
    long WriterEpoch,
    int StateEpoch,
    int CurrentVersion);
