using Federated.Protocol.V1;
using Federated.Server.Identity;
using Google.Protobuf;
using Grpc.Core;

namespace Federated.Server.Devices;

/// <summary>Enrolment and authentication of devices over gRPC.</summary>
internal sealed partial class IdentityService(
    DeviceEnrolment enrolment, DeviceAuthentication authentication, AccessTokenIssuer accessTokens, SdkVersions sdkVersions,
    ILogger<IdentityService> logger) : Protocol.V1.Identity.IdentityBase
{
    private const int MaximumNameLength = 100;

    public override async Task<EnrolReply> Enrol(EnrolRequest request, ServerCallContext context)
    {
        if (!SdkVersions.IsWellFormed(request.SdkVersion))
        {
            throw Refuse(StatusCode.InvalidArgument, DeviceErrorKinds.ArgumentInvalid, "sdk_version must read major.minor.patch.");
        }

        if (!sdkVersions.IsSupported(request.SdkVersion))
        {
            throw Refuse(StatusCode.FailedPrecondition, DeviceErrorKinds.SdkTooOld,
                $"SDK version {request.SdkVersion} is too old; this server needs {sdkVersions.Minimum} or later.");
        }

        if (request.DisplayName.Length > MaximumNameLength)
        {
            throw Refuse(StatusCode.InvalidArgument, DeviceErrorKinds.ArgumentInvalid,
                $"display_name has {request.DisplayName.Length} characters; at most {MaximumNameLength} are allowed.");
        }

        var (outcome, device) = await enrolment.EnrolAsync(
            request.EnrolmentToken, request.PublicKey.ToByteArray(), request.DisplayName, request.SdkVersion, context.CancellationToken);
        return outcome switch
        {
            EnrolmentOutcome.Enrolled => new EnrolReply { DeviceId = device!.DeviceId, TenantId = device.TenantId },
            EnrolmentOutcome.UnusableKey => throw Refuse(StatusCode.InvalidArgument, DeviceErrorKinds.PublicKeyUnusable,
                "public_key is not the SubjectPublicKeyInfo of an ECDSA P-256 key."),
            EnrolmentOutcome.TokenUsedUp => throw Refuse(StatusCode.Unauthenticated, DeviceErrorKinds.EnrolmentTokenUsedUp,
                "The enrolment token has admitted as many devices as it may."),
            EnrolmentOutcome.TokenExpired => throw Refuse(StatusCode.Unauthenticated, DeviceErrorKinds.EnrolmentTokenExpired,
                "The enrolment token has expired."),
            EnrolmentOutcome.TokenRevoked => throw Refuse(StatusCode.Unauthenticated, DeviceErrorKinds.EnrolmentTokenRevoked,
                "The enrolment token is revoked."),
            _ => throw Refuse(StatusCode.Unauthenticated, DeviceErrorKinds.EnrolmentTokenUnknown, "The enrolment token is unknown."),
        };
    }

    // Answered for unknown devices as well, so that the answer does not tell who is enrolled.
    public override Task<ChallengeReply> Challenge(ChallengeRequest request, ServerCallContext context)
    {
        var (challenge, expiresAt) = authentication.CreateChallenge(request.DeviceId);
        return Task.FromResult(new ChallengeReply
        {
            Challenge = ByteString.CopyFrom(challenge),
            ExpiresAtMs = expiresAt.ToUnixTimeMilliseconds(),
        });
    }

    public override async Task<AuthenticateReply> Authenticate(AuthenticateRequest request, ServerCallContext context)
    {
        var (outcome, device) = await authentication.AuthenticateAsync(
            request.DeviceId, request.Challenge.ToByteArray(), request.Signature.ToByteArray(), context.CancellationToken);
        switch (outcome)
        {
            case AuthenticationOutcome.Authenticated:
                var (token, expiresAt) = accessTokens.Issue(device);
                return new AuthenticateReply { AccessToken = token, ExpiresAtMs = expiresAt.ToUnixTimeMilliseconds() };
            case AuthenticationOutcome.Revoked:
                throw Refuse(StatusCode.PermissionDenied, DeviceErrorKinds.DeviceRevoked, "The device is revoked.");
            case AuthenticationOutcome.UnknownDevice:
                throw Refuse(StatusCode.Unauthenticated, DeviceErrorKinds.DeviceUnknown, "The device is not enrolled.");
            case AuthenticationOutcome.ForgedChallenge:
                throw Refuse(StatusCode.Unauthenticated, DeviceErrorKinds.ChallengeForged, "The challenge was not made by this server for this device.");
            case AuthenticationOutcome.ExpiredChallenge:
                throw Refuse(StatusCode.Unauthenticated, DeviceErrorKinds.ChallengeExpired, "The challenge has expired; ask for another.");
            case AuthenticationOutcome.ReplayedChallenge:
                throw Refuse(StatusCode.Unauthenticated, DeviceErrorKinds.ChallengeReplayed, "The challenge was used before; ask for another.");
            default:
                throw Refuse(StatusCode.Unauthenticated, DeviceErrorKinds.SignatureWrong, "The signature was not made with the device's key.");
        }
    }

    private RpcException Refuse(StatusCode status, string kind, string message)
    {
        Refused(logger, kind, status);
        return GrpcRefusal.Of(status, kind, message);
    }

    [LoggerMessage(1201, LogLevel.Warning, "Refused a device: {Kind} ({Status})", EventName = "IdentityRefused")]
    private static partial void Refused(ILogger logger, string kind, StatusCode status);
}
