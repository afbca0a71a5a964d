namespace Federated.Protocol.Tickets;

/// <summary>What a <see cref="TicketVerifier"/> found.</summary>
public enum TicketVerdict
{
    /// <summary>Signed by the coordinator and not expired.</summary>
    Valid,

    /// <summary>No ticket was sent.</summary>
    Missing,

    /// <summary>The ticket names a key that is not the coordinator's.</summary>
    UnknownKey,

    /// <summary>The signature does not fit the payload, or the payload is not a ticket.</summary>
    Forged,

    /// <summary>Authentic, but written in a layout that this build does not read.</summary>
    UnsupportedVersion,

    /// <summary>Authentic, but its time has passed.</summary>
    Expired,
}
