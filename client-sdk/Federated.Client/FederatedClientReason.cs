namespace Federated.Client;

/// <summary>Why the SDK gave up; see <see cref="FederatedClientException.Reason"/>.</summary>
public enum FederatedClientReason
{
    /// <summary>The options contradict themselves or lie outside their ranges; the message lists every error.</summary>
    InvalidOptions = 1,

    /// <summary>
    /// The device is not enrolled and the enrolment token is missing, unknown, used up, expired or revoked. Ask an administrator
    /// for a token.
    /// </summary>
    EnrolmentRefused = 2,

    /// <summary>An administrator revoked this device. Trying again does not help.</summary>
    Revoked = 3,

    /// <summary>The server does not accept the device's proof of identity, twice in a row.</summary>
    Unauthenticated = 4,

    /// <summary>The server demands a later version of the SDK.</summary>
    UpgradeRequired = 5,

    /// <summary>The server could not be reached for <see cref="RetryOptions.GiveUpAfter"/>.</summary>
    ServerUnreachable = 6,

    /// <summary>The server refused a call for good: trying again with the same content gives the same answer.</summary>
    Refused = 7,

    /// <summary>The server answered something that the protocol does not allow.</summary>
    ProtocolViolation = 8,

    /// <summary>The device's key or identity cannot be read from its store.</summary>
    IdentityUnusable = 9,

    /// <summary>The data folder cannot be used: it is not writable, full, or in use by another process.</summary>
    StorageUnusable = 10,

    /// <summary>A model could not be downloaded intact, or does not fit its description.</summary>
    BadModel = 11,

    /// <summary>
    /// The certificate of an <c>https</c> server is not trusted: its authority is unknown, it has expired, or it names another address. See
    /// <see cref="FederatedClientOptions.TrustedCertificatesFile"/>.
    /// </summary>
    ServerUntrusted = 12,
}
