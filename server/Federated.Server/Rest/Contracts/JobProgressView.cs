using Federated.Coordination.Jobs;
using Federated.Coordination.Rounds;
using Federated.Protocol.V1;

namespace Federated.Server.Rest.Contracts;

/// <summary>What happens in a job at this moment.</summary>
/// <param name="Phase">Of the round.</param>
/// <param name="Round">Number of the open round; null when none is open.</param>
/// <param name="Kind">What the devices of the open round do.</param>
/// <param name="Waiting">Check-ins that wait for an answer.</param>
/// <param name="Shortage">Devices that the selection still lacks.</param>
/// <param name="Assigned">Devices with a task in the open round.</param>
/// <param name="Stored">Updates of the open round that are stored.</param>
/// <param name="Deadline">When reporting ends.</param>
internal sealed record JobProgressView(
    RoundPhase Phase, int? Round, TaskKind? Kind, int Waiting, int Shortage, int Assigned, int Stored, DateTimeOffset? Deadline)
{
    public static JobProgressView? Of(JobProgress? progress)
    {
        return progress is null
            ? null
            : new JobProgressView(
                progress.Phase, progress.Round?.Round, progress.Round?.Kind, progress.Waiting, progress.Shortage, progress.Assigned,
                progress.Stored, progress.Deadline);
    }
}
