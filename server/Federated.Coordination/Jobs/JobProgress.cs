using Federated.Coordination.Persistence;
using Federated.Coordination.Rounds;
using Federated.Protocol.Rounds;

namespace Federated.Coordination.Jobs;

/// <summary>Where a job stands at this moment; a snapshot that never changes.</summary>
/// <param name="Status">Of the job.</param>
/// <param name="Phase">Of the round.</param>
/// <param name="Round">The open round, or null.</param>
/// <param name="Version">The current model version.</param>
/// <param name="TrainingRounds">Training rounds behind it.</param>
/// <param name="Waiting">Check-ins that wait for an answer.</param>
/// <param name="Shortage">Devices that the selection phase still lacks.</param>
/// <param name="Assigned">Devices with an assignment in the open round.</param>
/// <param name="Stored">Updates of the open round that are stored.</param>
/// <param name="Deadline">When reporting ends; null outside of a round.</param>
public sealed record JobProgress(
    JobStatus Status,
    RoundPhase Phase,
    RoundKey? Round,
    int Version,
    int TrainingRounds,
    int Waiting,
    int Shortage,
    int Assigned,
    int Stored,
    DateTimeOffset? Deadline)
{
    /// <summary>Whether devices must be able to make compressed sections.</summary>
    public bool NeedsFrames { get; init; }
}
