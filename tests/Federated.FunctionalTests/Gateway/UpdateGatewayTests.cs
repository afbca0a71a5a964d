using System.Globalization;
using Federated.Aggregator.Rounds;
using Federated.Protocol;
using Federated.Protocol.Uploads;
using Federated.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;

namespace Federated.FunctionalTests.Gateway;

public sealed class UpdateGatewayTests : GatewayTests
{
    [Fact]
    public async Task Upload_ManyAtOnce_AggregateEqualsTheDoubleReference()
    {
        const int Updates = 40;
        await OpenAsync(TestUpdate.Plan(round: 2, elements: 50_000));
        TestUpdate[] updates = [.. Enumerable.Range(0, Updates).Select(i => Update($"a{i}", seed: i, weight: i + 1))];

        await Parallel.ForEachAsync(updates, Cancellation, async (update, _) => await UploadWhenRoomAsync(update));
        ClosedRound closed = await Host.Node.CloseRoundAsync(Plan.Key, Cancellation);

        Assert.Equal(Updates, closed.Included.Count);
        double total = Updates * (Updates + 1) / 2.0;
        for (int k = 0; k < 50_000; k++)
        {
            double expected = updates.Sum(update => update.Header.Weight * update.Values[k]) / total;
            Assert.Equal(expected, closed.Sections[0].Single[k], 1e-8);
        }

        AssertPoolIsFree();
    }

    [Fact]
    public async Task Upload_ByTheGeneratedClient_IsStored()
    {
        TestUpdate update = Update();
        var client = new UpdateGateway.UpdateGatewayClient(Host.Invoker);
        using AsyncClientStreamingCall<UploadChunk, UploadReceipt> call =
            client.UploadUpdate([new("authorization", $"Bearer {update.Caller}")], cancellationToken: Cancellation);

        await call.RequestStream.WriteAsync(new UploadChunk { Header = update.SignedHeader(Host.Signer) }, Cancellation);
        foreach (byte[] chunk in update.Payload.Chunk(999))
        {
            await call.RequestStream.WriteAsync(new UploadChunk { Data = ByteString.CopyFrom(chunk) }, Cancellation);
        }

        await call.RequestStream.CompleteAsync();

        Assert.Equal(UploadStatus.Stored, (await call.ResponseAsync).Status);
        ClosedRound closed = await Host.Node.CloseRoundAsync(Plan.Key, Cancellation);
        Assert.Equal(update.Values, closed.Sections[0].Single);
    }

    [Fact]
    public async Task Upload_ReplayedTicket_IsAlreadyStoredAndReadsNoPayload()
    {
        TestUpdate update = Update();
        await UploadAsync(update);
        int peak = Host.Node.Slots.Peak;
        update.Payload = [];

        UploadStatus replay = await UploadAsync(update);
        ClosedRound closed = await Host.Node.CloseRoundAsync(Plan.Key, Cancellation);

        Assert.Equal(UploadStatus.AlreadyStored, replay);
        Assert.Single(closed.Included);
        Assert.Equal(peak, Host.Node.Slots.Peak);
        await Host.Logs.NextAsync("UpdateDuplicate", Cancellation);
    }

    [Fact]
    public async Task Upload_SameUpdateTwiceAtOnce_OneWins()
    {
        await OpenLargeAsync();
        TestUpdate update = Update();
        using AsyncClientStreamingCall<UploadFrame, UploadReceipt> first = Call(update);
        await first.RequestStream.WriteAsync(new UploadFrame(update.SignedHeader(Host.Signer)), Cancellation);
        await first.ResponseHeadersAsync.WaitAsync(Cancellation);

        RpcException second = await Assert.ThrowsAsync<RpcException>(() => UploadAsync(update));
        await first.RequestStream.WriteAsync(new UploadFrame(update.Payload), Cancellation);
        await first.RequestStream.CompleteAsync();

        Assert.Equal(StatusCode.Aborted, second.StatusCode);
        Assert.Equal(ErrorKinds.UploadInProgress, second.Trailers.GetValue(ErrorKinds.Trailer));
        Assert.NotNull(second.Trailers.GetValue(ErrorKinds.RetryAfterTrailer));
        Assert.Equal(UploadStatus.Stored, (await first.ResponseAsync).Status);
    }

    [Fact]
    public async Task Upload_BrokenStream_FreesItsSlotAndCanBeRestarted()
    {
        await OpenLargeAsync();
        TestUpdate update = Update();
        using (AsyncClientStreamingCall<UploadFrame, UploadReceipt> broken = Call(update))
        {
            await broken.RequestStream.WriteAsync(new UploadFrame(update.SignedHeader(Host.Signer)), Cancellation);
            await broken.RequestStream.WriteAsync(new UploadFrame(update.Payload.AsMemory(0, 10_000)), Cancellation);
            await broken.ResponseHeadersAsync.WaitAsync(Cancellation);
        }

        string refusal = await Host.Logs.NextAsync("UpdateRefused", Cancellation);
        UploadStatus restarted = await UploadWhenRoomAsync(update);
        await Host.Node.CloseRoundAsync(Plan.Key, Cancellation);

        Assert.Contains("Interrupted", refusal, StringComparison.Ordinal);
        Assert.Equal(UploadStatus.Stored, restarted);
        AssertPoolIsFree();
    }

    [Fact]
    public async Task Upload_SilentSender_IsCutAfterTheStallTimeout()
    {
        await OpenLargeAsync();
        TestUpdate update = Update();
        using AsyncClientStreamingCall<UploadFrame, UploadReceipt> silent = Call(update);
        await silent.RequestStream.WriteAsync(new UploadFrame(update.SignedHeader(Host.Signer)), Cancellation);
        await silent.ResponseHeadersAsync.WaitAsync(Cancellation);

        Host.Time.Advance(TimeSpan.FromSeconds(31));

        Assert.Contains("Interrupted", await Host.Logs.NextAsync("UpdateRefused", Cancellation), StringComparison.Ordinal);
        await Assert.ThrowsAsync<RpcException>(async () => await silent.ResponseAsync);
    }

    [Fact]
    public async Task Upload_PoolFull_IsToldWhenToComeBackBeforeItSendsPayload()
    {
        await OpenLargeAsync();
        var holders = new List<(TestUpdate Update, AsyncClientStreamingCall<UploadFrame, UploadReceipt> Call)>();
        for (int i = 0; i < GatewayHost.SlotCount; i++)
        {
            TestUpdate holder = Update($"holder{i}");
            AsyncClientStreamingCall<UploadFrame, UploadReceipt> call = Call(holder);
            await call.RequestStream.WriteAsync(new UploadFrame(holder.SignedHeader(Host.Signer)), Cancellation);
            await call.ResponseHeadersAsync.WaitAsync(Cancellation);
            holders.Add((holder, call));
        }

        RpcException refusal = await Assert.ThrowsAsync<RpcException>(() => UploadAsync(Update("refused")));
        Assert.Equal(StatusCode.ResourceExhausted, refusal.StatusCode);
        Assert.Equal(ErrorKinds.PoolFull, refusal.Trailers.GetValue(ErrorKinds.Trailer));
        Assert.InRange(int.Parse(refusal.Trailers.GetValue(ErrorKinds.RetryAfterTrailer)!, null), 20, 30_000);
        Assert.Contains("PoolFull", await Host.Logs.NextAsync("UpdateRefused", Cancellation), StringComparison.Ordinal);

        foreach ((TestUpdate holder, AsyncClientStreamingCall<UploadFrame, UploadReceipt> call) in holders)
        {
            await call.RequestStream.WriteAsync(new UploadFrame(holder.Payload), Cancellation);
            await call.RequestStream.CompleteAsync();
            Assert.Equal(UploadStatus.Stored, (await call.ResponseAsync).Status);
            call.Dispose();
        }

        Assert.Equal(UploadStatus.Stored, await UploadWhenRoomAsync(Update("refused")));
        ClosedRound closed = await Host.Node.CloseRoundAsync(Plan.Key, Cancellation);
        Assert.Equal(GatewayHost.SlotCount + 1, closed.Included.Count);
        AssertPoolIsFree();
    }

    /// <summary>A round whose updates are long enough for the gateway to answer their headers at once.</summary>
    private Task OpenLargeAsync() => OpenAsync(TestUpdate.Plan(round: 2, elements: UploadMethod.AdmissionBytes / sizeof(float)));

    /// <summary>
    /// Sends as a device does: again where the gateway is full, and where the connection broke. Kestrel closes one on which a frame
    /// of a refused stream came late, and the updates of all its streams have to be sent again; some may have been stored.
    /// </summary>
    private async Task<UploadStatus> UploadWhenRoomAsync(TestUpdate update)
    {
        int broke = 0;
        while (true)
        {
            try
            {
                return await UploadAsync(update, 64 * 1024);
            }
            catch (RpcException broken) when (broken.StatusCode is StatusCode.Internal or StatusCode.Unavailable && broke++ < 20)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Cancellation);
            }
            catch (RpcException full) when (full.StatusCode is StatusCode.ResourceExhausted or StatusCode.Aborted)
            {
                string? advice = full.Trailers.GetValue(ErrorKinds.RetryAfterTrailer);
                TimeSpan pause = TimeSpan.FromMilliseconds(advice is null ? 1 : long.Parse(advice, CultureInfo.InvariantCulture));
                await Task.Delay(pause, TimeProvider.System, Cancellation);
            }
        }
    }
}
