namespace Federated.Server.Identity;

/// <summary>The answer to a device that wants to enrol.</summary>
internal enum EnrolmentOutcome
{
    /// <summary>The device is known from now on.</summary>
    Enrolled,

    /// <summary>No token has this secret.</summary>
    UnknownToken,

    /// <summary>The token has admitted as many devices as it may.</summary>
    TokenUsedUp,

    /// <summary>The token's time is over.</summary>
    TokenExpired,

    /// <summary>An administrator withdrew the token.</summary>
    TokenRevoked,

    /// <summary>The public key is not an ECDSA P-256 key.</summary>
    UnusableKey,
}
