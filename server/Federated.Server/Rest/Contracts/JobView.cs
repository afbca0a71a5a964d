using Federated.Coordination.Persistence;
using Federated.Protocol.Jobs;

namespace Federated.Server.Rest.Contracts;

/// <summary>A job.</summary>
/// <param name="JobId">Names it.</param>
/// <param name="Name">Its name for people.</param>
/// <param name="Status">Where it stands.</param>
/// <param name="StatusReason">Why, when that needs saying.</param>
/// <param name="CreatedAt">When it was created.</param>
/// <param name="CurrentVersion">The model version that the next round starts from.</param>
/// <param name="TrainingRounds">Training rounds behind that version; the job ends at <c>definition.rounds</c>.</param>
/// <param name="StateEpoch">Rises when clients' saved state becomes invalid.</param>
/// <param name="Definition">What was asked for.</param>
/// <param name="Progress">What happens at this moment; null when the job has ended.</param>
internal sealed record JobView(
    string JobId,
    string Name,
    JobStatus Status,
    string? StatusReason,
    DateTimeOffset CreatedAt,
    int CurrentVersion,
    int TrainingRounds,
    int StateEpoch,
    JobDefinition Definition,
    JobProgressView? Progress);
