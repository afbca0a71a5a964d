namespace Federated.Server.Devices;

/// <summary>Stable kinds of the refusals of the identity, coordinator and model store services.</summary>
internal static class DeviceErrorKinds
{
    public const string AccessTokenMissing = "access-token-missing";
    public const string AccessTokenExpired = "access-token-expired";
    public const string AccessTokenInvalid = "access-token-invalid";
    public const string DeviceRevoked = "device-revoked";
    public const string DeviceUnknown = "device-unknown";
    public const string EnrolmentTokenUnknown = "enrolment-token-unknown";
    public const string EnrolmentTokenUsedUp = "enrolment-token-used-up";
    public const string EnrolmentTokenExpired = "enrolment-token-expired";
    public const string EnrolmentTokenRevoked = "enrolment-token-revoked";
    public const string PublicKeyUnusable = "public-key-unusable";
    public const string ChallengeForged = "challenge-forged";
    public const string ChallengeExpired = "challenge-expired";
    public const string ChallengeReplayed = "challenge-replayed";
    public const string SignatureWrong = "signature-wrong";
    public const string CoordinatorAway = "coordinator-away";
    public const string SdkTooOld = "sdk-too-old";
    public const string ArgumentInvalid = "argument-invalid";
    public const string BlobUnknown = "blob-unknown";
    public const string BlobCorrupt = "blob-corrupt";
    public const string OffsetBeyondEnd = "offset-beyond-end";
}
