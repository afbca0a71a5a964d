namespace Federated.Coordination.Rounds;

/// <summary>Where an assignment of the open round stands.</summary>
public enum AssignmentState
{
    /// <summary>The device works, or is silent.</summary>
    Outstanding,

    /// <summary>The tier has told of its update.</summary>
    Stored,

    /// <summary>The device has given up, or was revoked. A late update may still arrive and then counts.</summary>
    Failed,

    /// <summary>The algorithm has refused its update, and the buffer goes on without it; final with the version.</summary>
    Refused,

    /// <summary>Final: in the aggregate.</summary>
    Counted,

    /// <summary>Final: not in the aggregate.</summary>
    Discarded,
}
