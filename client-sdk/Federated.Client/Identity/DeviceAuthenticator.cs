using Federated.Client.Calls;
using Federated.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using IdentityClient = Federated.Protocol.V1.Identity.IdentityClient;

namespace Federated.Client.Identity;

/// <summary>Enrols the device once and keeps a fresh access token.</summary>
internal sealed partial class DeviceAuthenticator(
    FederatedClientOptions options,
    ChannelPool channels,
    CallRunner calls,
    IDeviceIdentityStore store,
    TimeProvider timeProvider,
    ILogger logger) : IDisposable
{
    /// <summary>A token is used at least this long, so that a device whose clock is wrong does not authenticate before every call.</summary>
    private static readonly TimeSpan ShortestUse = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly IdentityClient _client = new(channels.InvokerFor(channels.Coordinator));
    private volatile AccessToken? _token;
    private volatile DeviceIdentity? _identity;

    /// <summary>Who the device is now; another than at the start when the server had forgotten it and it enrolled again.</summary>
    public DeviceIdentity Identity => _identity ?? throw new InvalidOperationException("The device is not enrolled yet.");

    /// <summary>The identity in the store, enrolled first when there is none.</summary>
    public async Task<DeviceIdentity> EnsureEnrolledAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return _identity = await store.LoadAsync(cancellationToken).ConfigureAwait(false)
                ?? await EnrolAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>The current token, renewed when its end is near.</summary>
    public async ValueTask<AccessToken> GetTokenAsync(CancellationToken cancellationToken)
    {
        if (_token is { } token && timeProvider.GetUtcNow() < token.RefreshAt)
        {
            return token;
        }

        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_token is { } renewed && timeProvider.GetUtcNow() < renewed.RefreshAt)
            {
                return renewed;
            }

            return _token = await AuthenticateAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>The server refused this token: the next call gets another one.</summary>
    public void Invalidate(AccessToken token) => Interlocked.CompareExchange(ref _token, null, token);

    public void Dispose() => _gate.Dispose();

    private async Task<AccessToken> AuthenticateAsync(CancellationToken cancellationToken)
    {
        DeviceIdentity? stored = await store.LoadAsync(cancellationToken).ConfigureAwait(false);
        DeviceIdentity identity = stored ?? await EnrolAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await ProveAsync(identity, cancellationToken).ConfigureAwait(false);
        }
        catch (RpcException e) when (stored is not null && IsUnknownDevice(e) && !string.IsNullOrEmpty(options.EnrolmentToken))
        {
            // The server lost its database, or another server answers at this address.
            LogForgotten(logger, e.Status.Detail);
            identity = await EnrolAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (RpcException e)
        {
            throw Refused(e);
        }

        try
        {
            return await ProveAsync(identity, cancellationToken).ConfigureAwait(false);
        }
        catch (RpcException e)
        {
            throw Refused(e);
        }
    }

    private async Task<AccessToken> ProveAsync(DeviceIdentity identity, CancellationToken cancellationToken)
    {
        IDeviceKey key = await store.OpenKeyAsync(cancellationToken).ConfigureAwait(false);

        // A challenge is single use, so a retry starts over with another one.
        AuthenticateReply reply = await calls.RunAsync(channels.Coordinator, "Authenticate", options.CallTimeout, async attempt =>
        {
            ChallengeReply challenge = await _client.ChallengeAsync(
                new ChallengeRequest { DeviceId = identity.DeviceId }, cancellationToken: attempt.Token).ConfigureAwait(false);
            byte[] signature = await key.SignAsync(challenge.Challenge.Memory, attempt.Token).ConfigureAwait(false);
            return await _client.AuthenticateAsync(
                new AuthenticateRequest
                {
                    DeviceId = identity.DeviceId,
                    Challenge = challenge.Challenge,
                    Signature = ByteString.CopyFrom(signature),
                },
                cancellationToken: attempt.Token).ConfigureAwait(false);
        }, cancellationToken).ConfigureAwait(false);

        DateTimeOffset now = timeProvider.GetUtcNow();
        DateTimeOffset refresh = DateTimeOffset.FromUnixTimeMilliseconds(reply.ExpiresAtMs) - options.TokenRefreshMargin;
        DateTimeOffset soonest = now + ShortestUse;
        return new AccessToken(reply.AccessToken, refresh < soonest ? soonest : refresh);
    }

    private async Task<DeviceIdentity> EnrolAsync(CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(options.EnrolmentToken))
        {
            throw new FederatedClientException(
                FederatedClientReason.EnrolmentRefused,
                "The device is not enrolled and no enrolment token is given. Ask an administrator of the server for one.");
        }

        IDeviceKey key = await store.OpenKeyAsync(cancellationToken).ConfigureAwait(false);
        EnrolReply reply;
        try
        {
            reply = await calls.RunAsync(channels.Coordinator, "Enrol", options.CallTimeout, async attempt =>
                await _client.EnrolAsync(
                    new EnrolRequest
                    {
                        EnrolmentToken = options.EnrolmentToken,
                        PublicKey = ByteString.CopyFrom(key.PublicKey.Span),
                        DisplayName = options.DisplayName,
                        SdkVersion = SdkVersion.Current,
                    },
                    cancellationToken: attempt.Token).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.FailedPrecondition)
        {
            throw new FederatedClientException(
                FederatedClientReason.UpgradeRequired,
                $"The server does not enrol devices with version {SdkVersion.Current} of the SDK: {e.Status.Detail}",
                e);
        }
        catch (RpcException e)
        {
            throw new FederatedClientException(
                e.StatusCode == StatusCode.PermissionDenied ? FederatedClientReason.Revoked : FederatedClientReason.EnrolmentRefused,
                $"The server at {channels.Coordinator} refused to enrol the device: {e.Status.Detail}",
                e);
        }

        var identity = new DeviceIdentity(reply.DeviceId, reply.TenantId, channels.Coordinator.ToString());
        await store.SaveAsync(identity, cancellationToken).ConfigureAwait(false);
        LogEnrolled(logger, reply.TenantId);
        return _identity = identity;
    }

    private static bool IsUnknownDevice(RpcException e) => e.StatusCode is StatusCode.Unauthenticated or StatusCode.NotFound;

    private FederatedClientException Refused(RpcException e) => e.StatusCode == StatusCode.PermissionDenied
        ? new FederatedClientException(
            FederatedClientReason.Revoked, $"The server at {channels.Coordinator} has revoked this device: {e.Status.Detail}", e)
        : new FederatedClientException(
            FederatedClientReason.Unauthenticated,
            $"The server at {channels.Coordinator} does not accept this device: {CallRunner.Describe(e)}",
            e);

    [LoggerMessage(EventId = 1001, EventName = "DeviceEnrolled", Level = LogLevel.Information,
        Message = "The device is enrolled with tenant {Tenant}")]
    private static partial void LogEnrolled(ILogger logger, string tenant);

    [LoggerMessage(EventId = 1002, EventName = "DeviceForgotten", Level = LogLevel.Warning,
        Message = "The server does not know the device any more ({Detail}); it is enrolled again")]
    private static partial void LogForgotten(ILogger logger, string detail);
}
