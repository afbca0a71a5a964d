using Federated.Aggregator.Rounds;
using Federated.Protocol;
using Federated.Protocol.Rounds;
using Federated.Protocol.Uploads;
using Federated.Protocol.V1;
using Grpc.Core;
using Grpc.Net.Client;

namespace Federated.FunctionalTests.Gateway;

/// <summary>
/// Starts a gateway with one open round. After a refused update the pool is as it was, the refusal is in the log, and the
/// round goes on with good ones.
/// </summary>
public abstract class GatewayTests : IAsyncLifetime
{
    private protected GatewayHost Host { get; private set; } = null!;

    private protected RoundPlan Plan { get; private set; } = TestUpdate.Plan();

    private protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Host = await GatewayHost.StartAsync(Cancellation);
        await OpenAsync(Plan);
    }

    public async ValueTask DisposeAsync()
    {
        if (Host is not null)
        {
            await Host.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    private protected async Task OpenAsync(RoundPlan plan)
    {
        Plan = plan;
        await Host.Node.OpenRoundAsync(plan, _ => { }, Cancellation);
    }

    private protected TestUpdate Update(string assignment = "a", int seed = 1, double weight = 2) =>
        new(Plan, assignment, Host.Time.GetUtcNow(), seed, weight);

    private protected AsyncClientStreamingCall<UploadFrame, UploadReceipt> Call(TestUpdate update) =>
        Call(Host.Invoker, update);

    /// <summary>
    /// Sends an update over a connection of its own, as a device does: Kestrel closes a connection on which a frame of a refused stream comes late, and what else goes over it breaks.
    /// </summary>
    private protected async Task<UploadStatus> UploadAsync(TestUpdate update, int chunkBytes = 1500)
    {
        using GrpcChannel connection = Host.Connect();
        using AsyncClientStreamingCall<UploadFrame, UploadReceipt> call = Call(connection.CreateCallInvoker(), update);
        try
        {
            await call.RequestStream.WriteAsync(new UploadFrame(update.SignedHeader(Host.Signer)), Cancellation);
            for (int sent = 0; sent < update.Payload.Length; sent += chunkBytes)
            {
                int length = Math.Min(chunkBytes, update.Payload.Length - sent);
                await call.RequestStream.WriteAsync(new UploadFrame(update.Payload.AsMemory(sent, length)), Cancellation);
            }

            await call.RequestStream.CompleteAsync();
        }
        catch (Exception exception) when (exception is RpcException or InvalidOperationException or IOException)
        {
            // A refusal may come before everything is sent; the response says why.
        }

        return (await call.ResponseAsync).Status;
    }

    /// <summary>The update is refused in this way, and nothing has changed.</summary>
    private protected async Task<RpcException> AssertRefusedAsync(TestUpdate update, StatusCode status, string kind)
    {
        RpcException refusal = await Assert.ThrowsAsync<RpcException>(() => UploadAsync(update));

        Assert.Equal(status, refusal.StatusCode);
        Assert.Equal(kind, refusal.Trailers.GetValue(ErrorKinds.Trailer));
        Assert.EndsWith(".", refusal.Status.Detail, StringComparison.Ordinal);
        string logged = await Host.Logs.NextAsync("UpdateRefused", Cancellation);
        Assert.DoesNotContain(TestUpdate.Device, logged, StringComparison.Ordinal);
        await AssertRoundGoesOnAsync();
        return refusal;
    }

    /// <summary>No slot is held, a good update is stored, and it alone is in the aggregate.</summary>
    private protected async Task AssertRoundGoesOnAsync()
    {
        AssertPoolIsFree();
        TestUpdate good = Update("good", seed: 77, weight: 3);

        Assert.Equal(UploadStatus.Stored, await UploadAsync(good));
        ClosedRound closed = await Host.Node.CloseRoundAsync(Plan.Key, Cancellation);

        Assert.Equal("good", Assert.Single(closed.Included).AssignmentId);
        Assert.Equal(good.Values, closed.Sections[0].Single);
        AssertPoolIsFree();
    }

    private protected void AssertPoolIsFree()
    {
        Assert.Equal(0, Host.Node.LiveLeases);
        Assert.Equal(GatewayHost.SlotCount, Host.Node.Slots.Free);
    }

    private static AsyncClientStreamingCall<UploadFrame, UploadReceipt> Call(CallInvoker invoker, TestUpdate update) => invoker.AsyncClientStreamingCall(
        UploadMethod.Client, null, new CallOptions([new("authorization", $"Bearer {update.Caller}")], cancellationToken: Cancellation));
}
