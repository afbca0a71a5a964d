using System.Security.Cryptography;
using Federated.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace Federated.FunctionalTests.Server;

/// <summary>A device that speaks the protocol by hand, so that it can also speak it wrongly.</summary>
internal sealed class TestDevice : IDisposable
{
    private readonly GrpcChannel _server;

    private TestDevice(GrpcChannel server, ECDsa key)
    {
        _server = server;
        Key = key;
    }

    public ECDsa Key { get; }

    public string DeviceId { get; private set; } = "";

    public string AccessToken { get; private set; } = "";

    public Metadata Headers => new() { { "authorization", $"Bearer {AccessToken}" } };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private Identity.IdentityClient Identity => new(_server);

    public static Task<TestDevice> EnrolAsync(RunningServer server, string enrolmentToken) => EnrolAsync(server.Channel, enrolmentToken);

    public static async Task<TestDevice> EnrolAsync(GrpcChannel server, string enrolmentToken)
    {
        var device = new TestDevice(server, ECDsa.Create(ECCurve.NamedCurves.nistP256));
        var reply = await device.Identity.EnrolAsync(
            new EnrolRequest
            {
                EnrolmentToken = enrolmentToken,
                PublicKey = ByteString.CopyFrom(device.Key.ExportSubjectPublicKeyInfo()),
                DisplayName = "test",
                SdkVersion = "0.1.0",
            },
            cancellationToken: Cancellation);
        device.DeviceId = reply.DeviceId;
        return device;
    }

    public static async Task<TestDevice> EnrolAndAuthenticateAsync(RunningServer server, string enrolmentToken)
    {
        var device = await EnrolAsync(server, enrolmentToken);
        await device.AuthenticateAsync();
        return device;
    }

    public async Task<ByteString> ChallengeAsync()
    {
        var reply = await Identity.ChallengeAsync(new ChallengeRequest { DeviceId = DeviceId }, cancellationToken: Cancellation);
        return reply.Challenge;
    }

    public async Task AuthenticateAsync()
    {
        var challenge = await ChallengeAsync();
        await AnswerAsync(challenge, Key);
    }

    public async Task AnswerAsync(ByteString challenge, ECDsa key)
    {
        var signature = key.SignData(challenge.Span, HashAlgorithmName.SHA256);
        var reply = await Identity.AuthenticateAsync(
            new AuthenticateRequest { DeviceId = DeviceId, Challenge = challenge, Signature = ByteString.CopyFrom(signature) },
            cancellationToken: Cancellation);
        AccessToken = reply.AccessToken;
    }

    public void Dispose()
    {
        Key.Dispose();
    }
}
