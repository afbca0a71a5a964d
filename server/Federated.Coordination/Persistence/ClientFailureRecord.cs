using Federated.Protocol.Rounds;

namespace Federated.Coordination.Persistence;

/// <summary>Why a device did not deliver in a round. At most one is kept for each assignment: the first.</summary>
/// <param name="AssignmentId">The task that failed.</param>
/// <param name="Round">The round that it belongs to.</param>
/// <param name="DeviceId">Who failed.</param>
/// <param name="Kind">A stable kind for counting; the device's own, or one of <see cref="Federated.Protocol.ErrorKinds"/>.</param>
/// <param name="Message">The error's text, at most 2000 characters.</param>
/// <param name="At">When the server learnt of it.</param>
public sealed record ClientFailureRecord(
    string AssignmentId,
    RoundKey Round,
    string DeviceId,
    string Kind,
    string Message,
    DateTimeOffset At);
