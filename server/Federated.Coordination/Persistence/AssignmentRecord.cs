using Federated.Protocol.Rounds;

namespace Federated.Coordination.Persistence;

/// <summary>A task given to a device, as it is stored.</summary>
/// <param name="AssignmentId">Unique for ever; names the update that answers it.</param>
/// <param name="Round">The round that it belongs to. A device has at most one assignment in a round.</param>
/// <param name="Number">Position in the cohort, from 0.</param>
/// <param name="DeviceId">Who holds it.</param>
/// <param name="ClientIndex">Stands for the device in the addressing of random draws.</param>
/// <param name="Role">What the algorithm wants of the device.</param>
/// <param name="AssignedAt">When it was made.</param>
/// <param name="Disposition">What became of it.</param>
/// <param name="Reason">Why it was discarded; null otherwise.</param>
/// <param name="ModelVersion">Counted: the version that contains the update (training) or that was examined; null otherwise.</param>
/// <param name="Update">Counted: the figures of the update; null otherwise.</param>
public sealed record AssignmentRecord(
    string AssignmentId,
    RoundKey Round,
    int Number,
    string DeviceId,
    uint ClientIndex,
    string Role,
    DateTimeOffset AssignedAt,
    AssignmentDisposition Disposition = AssignmentDisposition.Pending,
    string? Reason = null,
    int? ModelVersion = null,
    CountedUpdate? Update = null);
