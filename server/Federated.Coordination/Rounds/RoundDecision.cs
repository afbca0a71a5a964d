using Federated.Protocol.V1;

namespace Federated.Coordination.Rounds;

/// <summary>One thing that the state machine wants done.</summary>
/// <param name="Kind">What.</param>
/// <param name="CallId">Assign, Redeliver, Reject: the check-in to answer.</param>
/// <param name="Assignment">Assign, Redeliver: the task.</param>
/// <param name="Rejection">Reject: why.</param>
/// <param name="RetryAfter">Reject: when to check in again.</param>
/// <param name="Reason">Close, Abandon, Skip: one sentence.</param>
public readonly record struct RoundDecision(
    RoundDecisionKind Kind,
    long CallId = 0,
    Assignment? Assignment = null,
    RejectionReason Rejection = RejectionReason.Unspecified,
    TimeSpan RetryAfter = default,
    string? Reason = null);
