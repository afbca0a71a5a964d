using Federated.Protocol.V1;

namespace Federated.Server.Rest.Contracts;

/// <summary>Why a device did not deliver in a round.</summary>
/// <param name="AssignmentId">The task.</param>
/// <param name="Round">The round.</param>
/// <param name="RoundKind">What the devices of the round did.</param>
/// <param name="DeviceId">Who failed.</param>
/// <param name="Kind">A stable kind for counting.</param>
/// <param name="Message">The error's text.</param>
/// <param name="At">When the server learnt of it.</param>
internal sealed record FailureView(
    string AssignmentId, int Round, TaskKind RoundKind, string DeviceId, string Kind, string Message, DateTimeOffset At);
