using System.Security.Cryptography;
using Federated.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;

namespace Federated.FunctionalTests.Client;

internal sealed class FakeIdentity(FakeWorld world) : Identity.IdentityBase
{
    public override Task<EnrolReply> Enrol(EnrolRequest request, ServerCallContext context)
    {
        Interlocked.Increment(ref world.EnrolCalls);
        if (request.EnrolmentToken != FakeWorld.EnrolmentToken)
        {
            throw new RpcException(new Status(StatusCode.Unauthenticated, "the enrolment token is unknown"));
        }

        string id = $"device-{world.PublicKeys.Count + 1}";
        world.PublicKeys[id] = request.PublicKey.ToByteArray();
        return Task.FromResult(new EnrolReply { DeviceId = id, TenantId = FakeWorld.Tenant });
    }

    public override Task<ChallengeReply> Challenge(ChallengeRequest request, ServerCallContext context)
    {
        byte[] challenge = RandomNumberGenerator.GetBytes(32);
        world.Challenges[request.DeviceId] = challenge;
        return Task.FromResult(new ChallengeReply { Challenge = ByteString.CopyFrom(challenge) });
    }

    public override Task<AuthenticateReply> Authenticate(AuthenticateRequest request, ServerCallContext context)
    {
        int number = Interlocked.Increment(ref world.AuthenticateCalls);
        if (world.AuthenticateFailure is { } failure)
        {
            throw new RpcException(failure);
        }

        using var key = ECDsa.Create();
        if (!world.PublicKeys.TryGetValue(request.DeviceId, out byte[]? publicKey)
            || !world.Challenges.TryRemove(request.DeviceId, out byte[]? challenge))
        {
            throw new RpcException(new Status(StatusCode.Unauthenticated, "unknown device or challenge"));
        }

        key.ImportSubjectPublicKeyInfo(publicKey, out _);
        if (!challenge.AsSpan().SequenceEqual(request.Challenge.Span)
            || !key.VerifyData(challenge, request.Signature.Span, HashAlgorithmName.SHA256))
        {
            throw new RpcException(new Status(StatusCode.Unauthenticated, "the signature is wrong"));
        }

        string token = $"token-{number}";
        world.Tokens[token] = request.DeviceId;
        return Task.FromResult(new AuthenticateReply { AccessToken = token, ExpiresAtMs = world.TokenExpiry.ToUnixTimeMilliseconds() });
    }
}
