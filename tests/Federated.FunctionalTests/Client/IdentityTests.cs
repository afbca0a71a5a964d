using Federated.Client;
using Federated.Protocol.V1;
using Grpc.Core;

namespace Federated.FunctionalTests.Client;

/// <summary>Enrolment, tokens and their end.</summary>
public sealed class IdentityTests
{
    [Fact]
    public async Task RunAsync_WrongEnrolmentToken_EndsWithEnrolmentRefused()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        fixture.Options.EnrolmentToken = "guess";

        FederatedClientException e = await Assert.ThrowsAsync<FederatedClientException>(() => fixture.RunAsync());

        Assert.Equal(FederatedClientReason.EnrolmentRefused, e.Reason);
        Assert.Contains("the enrolment token is unknown", e.Message, StringComparison.Ordinal);
        Assert.Equal(1, fixture.World.EnrolCalls);
    }

    [Fact]
    public async Task RunAsync_NoEnrolmentToken_SaysWhomToAsk()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        fixture.Options.EnrolmentToken = null;

        FederatedClientException e = await Assert.ThrowsAsync<FederatedClientException>(() => fixture.RunAsync());

        Assert.Equal(FederatedClientReason.EnrolmentRefused, e.Reason);
        Assert.Contains("administrator", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_RevokedDevice_EndsWithRevokedAtOnce()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        fixture.World.AuthenticateFailure = new Status(StatusCode.PermissionDenied, "revoked by the administrator");

        FederatedClientException e = await Assert.ThrowsAsync<FederatedClientException>(() => fixture.RunAsync());

        Assert.Equal(FederatedClientReason.Revoked, e.Reason);
        Assert.Equal((1, 1), (fixture.World.EnrolCalls, fixture.World.AuthenticateCalls));
    }

    [Fact]
    public async Task RunAsync_TokenRefusedOnce_AuthenticatesAgainAndGoesOn()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        fixture.World.CheckIns.Enqueue((_, _) =>
        {
            fixture.World.Tokens.Clear();
            throw new RpcException(new Status(StatusCode.Unauthenticated, "expired"));
        });
        fixture.World.Assign();

        await fixture.RunAsync();

        Assert.Single(fixture.World.Uploads);
        Assert.Equal(2, fixture.World.AuthenticateCalls);
    }

    [Fact]
    public async Task RunAsync_FreshTokenRefused_EndsWithUnauthenticated()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        fixture.World.Answer = (_, _) => throw new RpcException(new Status(StatusCode.Unauthenticated, "never"));

        FederatedClientException e = await Assert.ThrowsAsync<FederatedClientException>(() => fixture.RunAsync());

        Assert.Equal(FederatedClientReason.Unauthenticated, e.Reason);
        Assert.Equal(2, fixture.World.AuthenticateCalls);
    }

    [Fact]
    public async Task RunAsync_TokenNearItsEnd_IsRenewedBeforeTheNextCall()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        var time = new ArmedTimeProvider();
        fixture.World.TokenExpiry = time.GetUtcNow() + TimeSpan.FromMinutes(10);
        fixture.World.CheckIns.Enqueue((_, _) => Task.FromResult(
            FakeWorld.Rejected(RejectionReason.NoWork, retryAfterMs: (ulong)TimeSpan.FromMinutes(9.5).TotalMilliseconds)));
        Task run = fixture.RunAsync(timeProvider: time);

        TimeSpan delay = await time.NextTimerAsync(TimeSpan.FromMinutes(9.5), TimeSpan.FromMinutes(12));
        Assert.Equal(1, fixture.World.AuthenticateCalls);
        time.Advance(delay);
        await run;

        Assert.Equal(2, fixture.World.AuthenticateCalls);
    }

    [Fact]
    public async Task RunAsync_ServerThatForgotTheDevice_EnrolsTheSameKeyAgain()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        await fixture.RunAsync();
        byte[] key = fixture.World.PublicKeys.Values.Single();
        fixture.World.PublicKeys.Clear();

        await fixture.RunAsync();

        Assert.Equal(2, fixture.World.EnrolCalls);
        Assert.Equal(key, fixture.World.PublicKeys.Values.Single());
    }

    [Fact]
    public async Task RunAsync_NobodyListens_EndsWithServerUnreachable()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        fixture.Options.Server = new Uri("http://127.0.0.1:1");
        fixture.Options.Retry.GiveUpAfter = TimeSpan.FromMilliseconds(100);

        FederatedClientException e = await Assert.ThrowsAsync<FederatedClientException>(() => fixture.RunAsync());

        Assert.Equal(FederatedClientReason.ServerUnreachable, e.Reason);
        Assert.Contains("127.0.0.1:1", e.Message, StringComparison.Ordinal);
    }
}
