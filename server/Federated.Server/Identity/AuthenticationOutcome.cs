namespace Federated.Server.Identity;

/// <summary>The answer to a device that returns a signed challenge.</summary>
internal enum AuthenticationOutcome
{
    /// <summary>The device holds its private key.</summary>
    Authenticated,

    /// <summary>No such device.</summary>
    UnknownDevice,

    /// <summary>An administrator revoked the device.</summary>
    Revoked,

    /// <summary>The challenge was not made by this server for this device.</summary>
    ForgedChallenge,

    /// <summary>The challenge is too old.</summary>
    ExpiredChallenge,

    /// <summary>The challenge was answered before.</summary>
    ReplayedChallenge,

    /// <summary>The signature was not made with the device's key.</summary>
    WrongSignature,
}
