using System.Net.Http.Json;
using System.Security.Cryptography;
using Federated.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Time.Testing;

namespace Federated.FunctionalTests.Server;

public sealed class IdentityTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 5, 6, 7, 8, 9, TimeSpan.Zero));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Authenticate_SignedChallenge_OpensTheOtherServices()
    {
        await using var server = await RunningServer.StartAsync();
        using var device = await TestDevice.EnrolAndAuthenticateAsync(server, await server.CreateEnrolmentTokenAsync());

        var reply = await CheckInAsync(server, device.Headers);

        Assert.NotEqual(CheckInReply.OutcomeOneofCase.None, reply.OutcomeCase);
    }

    [Fact]
    public async Task Enrol_UnknownToken_IsRefused()
    {
        await using var server = await RunningServer.StartAsync();

        await GrpcAssert.RefusedAsync(StatusCode.Unauthenticated, "enrolment-token-unknown", () => TestDevice.EnrolAsync(server, "fet_wrong"));
    }

    [Fact]
    public async Task Enrol_TokenUsedUp_IsRefused()
    {
        await using var server = await RunningServer.StartAsync();
        var token = await server.CreateEnrolmentTokenAsync(uses: 1);
        using var first = await TestDevice.EnrolAsync(server, token);

        await GrpcAssert.RefusedAsync(StatusCode.Unauthenticated, "enrolment-token-used-up", () => TestDevice.EnrolAsync(server, token));
    }

    [Fact]
    public async Task Enrol_ManyDevicesAtOnce_AdmitsAsManyAsTheTokenSays()
    {
        await using var server = await RunningServer.StartAsync();
        var token = await server.CreateEnrolmentTokenAsync(uses: 5);

        var attempts = Enumerable.Range(0, 12).Select(async _ =>
        {
            try
            {
                using var device = await TestDevice.EnrolAsync(server, token);
                return true;
            }
            catch (RpcException exception) when (exception.StatusCode == StatusCode.Unauthenticated)
            {
                return false;
            }
        });

        Assert.Equal(5, (await Task.WhenAll(attempts)).Count(admitted => admitted));
    }

    [Fact]
    public async Task Enrol_ExpiredToken_IsRefused()
    {
        await using var server = await RunningServer.StartAsync(_time);
        var token = await server.CreateEnrolmentTokenAsync(lifetimeHours: 1);
        _time.Advance(TimeSpan.FromHours(1));

        await GrpcAssert.RefusedAsync(StatusCode.Unauthenticated, "enrolment-token-expired", () => TestDevice.EnrolAsync(server, token));
    }

    [Fact]
    public async Task Enrol_RevokedToken_IsRefused()
    {
        await using var server = await RunningServer.StartAsync();
        var token = await server.CreateEnrolmentTokenAsync();
        var list = await server.Administrator.GetFromJsonAsync<Listing>("/api/v1/enrolment-tokens", Cancellation);
        foreach (var item in list!.Items)
        {
            using var response = await server.Administrator.PostAsync($"/api/v1/enrolment-tokens/{item.TokenId}/revoke", null, Cancellation);
            response.EnsureSuccessStatusCode();
        }

        await GrpcAssert.RefusedAsync(StatusCode.Unauthenticated, "enrolment-token-revoked", () => TestDevice.EnrolAsync(server, token));
    }

    [Fact]
    public async Task Enrol_KeyOfAnotherCurve_IsRefused()
    {
        await using var server = await RunningServer.StartAsync();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);

        await GrpcAssert.RefusedAsync(StatusCode.InvalidArgument, "public-key-unusable", async () => await new Identity.IdentityClient(server.Channel)
            .EnrolAsync(new EnrolRequest { PublicKey = ByteString.CopyFrom(key.ExportSubjectPublicKeyInfo()), SdkVersion = "0.1.0" }));
    }

    [Fact]
    public async Task Enrol_OldSdk_IsRefused()
    {
        await using var server = await RunningServer.StartAsync("--Coordination:MinimumSdkVersion=9.0.0");

        await GrpcAssert.RefusedAsync(StatusCode.FailedPrecondition, "sdk-too-old", () => TestDevice.EnrolAsync(server, "any"));
    }

    [Fact]
    public async Task Authenticate_WrongKey_IsRefused()
    {
        await using var server = await RunningServer.StartAsync();
        using var device = await TestDevice.EnrolAsync(server, await server.CreateEnrolmentTokenAsync());
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var challenge = await device.ChallengeAsync();

        await GrpcAssert.RefusedAsync(StatusCode.Unauthenticated, "signature-wrong", () => device.AnswerAsync(challenge, other));
    }

    [Fact]
    public async Task Authenticate_ChallengeTwice_IsRefused()
    {
        await using var server = await RunningServer.StartAsync();
        using var device = await TestDevice.EnrolAsync(server, await server.CreateEnrolmentTokenAsync());
        var challenge = await device.ChallengeAsync();
        await device.AnswerAsync(challenge, device.Key);

        await GrpcAssert.RefusedAsync(StatusCode.Unauthenticated, "challenge-replayed", () => device.AnswerAsync(challenge, device.Key));
    }

    [Fact]
    public async Task Authenticate_ChallengeOfAnotherDevice_IsRefused()
    {
        await using var server = await RunningServer.StartAsync();
        var token = await server.CreateEnrolmentTokenAsync();
        using var first = await TestDevice.EnrolAsync(server, token);
        using var second = await TestDevice.EnrolAsync(server, token);
        var challenge = await first.ChallengeAsync();

        await GrpcAssert.RefusedAsync(StatusCode.Unauthenticated, "challenge-forged", () => second.AnswerAsync(challenge, second.Key));
    }

    [Fact]
    public async Task Authenticate_TamperedChallenge_IsRefused()
    {
        await using var server = await RunningServer.StartAsync();
        using var device = await TestDevice.EnrolAsync(server, await server.CreateEnrolmentTokenAsync());
        var challenge = (await device.ChallengeAsync()).ToByteArray();
        challenge[20] ^= 1;

        await GrpcAssert.RefusedAsync(
            StatusCode.Unauthenticated, "challenge-forged", () => device.AnswerAsync(ByteString.CopyFrom(challenge), device.Key));
    }

    [Fact]
    public async Task Authenticate_LateAnswer_IsRefused()
    {
        await using var server = await RunningServer.StartAsync(_time, "--Identity:ChallengeLifetime=00:01:00");
        using var device = await TestDevice.EnrolAsync(server, await server.CreateEnrolmentTokenAsync());
        var challenge = await device.ChallengeAsync();
        _time.Advance(TimeSpan.FromSeconds(61));

        await GrpcAssert.RefusedAsync(StatusCode.Unauthenticated, "challenge-expired", () => device.AnswerAsync(challenge, device.Key));
    }

    [Fact]
    public async Task Call_WithoutAccessToken_IsRefused()
    {
        await using var server = await RunningServer.StartAsync();

        await GrpcAssert.RefusedAsync(StatusCode.Unauthenticated, "access-token-missing", () => CheckInAsync(server, []));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Call_WithExpiredAccessToken_IsRefused(bool wasUsedBefore)
    {
        await using var server = await RunningServer.StartAsync(_time, "--Identity:AccessTokenLifetime=00:05:00");
        using var device = await TestDevice.EnrolAndAuthenticateAsync(server, await server.CreateEnrolmentTokenAsync());
        if (wasUsedBefore)
        {
            await CheckInAsync(server, device.Headers);
        }

        _time.Advance(TimeSpan.FromMinutes(5));

        await GrpcAssert.RefusedAsync(StatusCode.Unauthenticated, "access-token-expired", () => CheckInAsync(server, device.Headers));
    }

    [Fact]
    public async Task Call_WithForgedAccessToken_IsRefused()
    {
        await using var server = await RunningServer.StartAsync();
        await using var other = await RunningServer.StartAsync();
        using var stranger = await TestDevice.EnrolAndAuthenticateAsync(other, await other.CreateEnrolmentTokenAsync());

        await GrpcAssert.RefusedAsync(StatusCode.Unauthenticated, "access-token-invalid", () => CheckInAsync(server, stranger.Headers));
    }

    [Fact]
    public async Task Call_OfRevokedDevice_IsRefusedAtOnce()
    {
        await using var server = await RunningServer.StartAsync();
        using var device = await TestDevice.EnrolAndAuthenticateAsync(server, await server.CreateEnrolmentTokenAsync());
        var headers = device.Headers;
        using var response = await server.Administrator.PostAsync($"/api/v1/devices/{device.DeviceId}/revoke", null, Cancellation);

        response.EnsureSuccessStatusCode();
        await GrpcAssert.RefusedAsync(StatusCode.PermissionDenied, "device-revoked", () => CheckInAsync(server, headers));
        await GrpcAssert.RefusedAsync(StatusCode.PermissionDenied, "device-revoked", device.AuthenticateAsync);
        Assert.Contains(server.Logs.Entries, entry => entry.Event.Name == "CallRefused");
    }

    private static async Task<CheckInReply> CheckInAsync(RunningServer server, Metadata headers)
    {
        return await new Coordinator.CoordinatorClient(server.Channel)
            .CheckInAsync(new CheckInRequest { SdkVersion = "0.1.0" }, headers, cancellationToken: Cancellation);
    }

    private sealed record Listing(List<TokenItem> Items);

    private sealed record TokenItem(string TokenId);
}
