using System.Runtime.InteropServices;
using Federated.Protocol;
using Federated.Protocol.Rounds;
using Federated.Protocol.Sections;
using Federated.Protocol.Statistics;
using Federated.Protocol.Tickets;
using Federated.Protocol.Uploads;
using Federated.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;

namespace Federated.FunctionalTests.Gateway;

/// <summary>Every bad update: a clear status to its sender, an event in the log, nothing changed, the round goes on.</summary>
public sealed class UpdateRefusalTests : GatewayTests
{
    [Fact]
    public async Task Upload_WrongSection_IsASchemaMismatch()
    {
        TestUpdate update = Update();
        update.Header.Sections[0].Spec = SectionSpecs.Dense(SectionRole.Gradient, SectionDType.F32, 1000, SectionDenominator.Weight);

        await AssertRefusedAsync(update, StatusCode.InvalidArgument, ErrorKinds.SchemaMismatch);
    }

    [Fact]
    public async Task Upload_TicketOfAnotherSchema_IsASchemaMismatch()
    {
        TestUpdate update = Update();
        update.Ticket.SchemaHash = ByteString.CopyFrom(new byte[32]);

        await AssertRefusedAsync(update, StatusCode.InvalidArgument, ErrorKinds.SchemaMismatch);
    }

    [Fact]
    public async Task Upload_WrongAnnouncedLength_IsALengthMismatch()
    {
        TestUpdate update = Update();
        update.Header.Sections[0].ByteLength -= 4;

        await AssertRefusedAsync(update, StatusCode.InvalidArgument, ErrorKinds.LengthMismatch);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public async Task Upload_NotFinite_IsRefused(float value)
    {
        TestUpdate update = Update();
        MemoryMarshal.Write(update.Payload.AsSpan(400), value);

        await AssertRefusedAsync(update.Rehashed(), StatusCode.InvalidArgument, ErrorKinds.NotFinite);
    }

    [Fact]
    public async Task Upload_NormAboveTheBound_IsRefusedWithTheNumbers()
    {
        TestUpdate update = Update();
        double norm = Math.Sqrt(update.Values.Sum(value => (double)value * value));
        update.Ticket.MaxNorm = norm * 0.99;

        RpcException refusal = await AssertRefusedAsync(update, StatusCode.InvalidArgument, ErrorKinds.NormExceeded);

        Assert.Contains($"{norm:G6}", refusal.Status.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(1000.5)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public async Task Upload_WeightOutOfBounds_IsRefused(double weight)
    {
        await AssertRefusedAsync(Update(weight: weight), StatusCode.InvalidArgument, ErrorKinds.WeightOutOfBounds);
    }

    [Fact]
    public async Task Upload_StepsAboveTheBound_IsRefused()
    {
        TestUpdate update = Update();
        update.Header.LocalSteps = 101;

        await AssertRefusedAsync(update, StatusCode.InvalidArgument, ErrorKinds.StepsOutOfBounds);
    }

    [Fact]
    public async Task Upload_StreamEndsEarly_IsALengthMismatch()
    {
        TestUpdate update = Update();
        update.Payload = update.Payload[..3001];

        await AssertRefusedAsync(update, StatusCode.InvalidArgument, ErrorKinds.LengthMismatch);
    }

    [Fact]
    public async Task Upload_MoreBytesThanAnnounced_IsALengthMismatch()
    {
        TestUpdate update = Update();
        update.Payload = [.. update.Payload, 1];

        await AssertRefusedAsync(update, StatusCode.InvalidArgument, ErrorKinds.LengthMismatch);
    }

    [Fact]
    public async Task Upload_CorruptedByte_IsAChecksumMismatch()
    {
        TestUpdate update = Update();
        update.Payload[1234] ^= 1;

        await AssertRefusedAsync(update, StatusCode.InvalidArgument, ErrorKinds.ChecksumMismatch);
    }

    [Theory]
    [InlineData(1L << 50)]
    [InlineData(4001L)]
    public async Task Upload_MoreBytesThanTheTicketAllows_TouchesNoSlot(long announced)
    {
        TestUpdate update = Update();
        update.Ticket.MaxBytes = 4000;
        update.Header.Sections[0].ByteLength = (ulong)announced;
        RpcException refusal = await Assert.ThrowsAsync<RpcException>(() => UploadAsync(update));

        Assert.Equal(StatusCode.InvalidArgument, refusal.StatusCode);
        Assert.Equal(ErrorKinds.Oversize, refusal.Trailers.GetValue(ErrorKinds.Trailer));
        Assert.Equal(0, Host.Node.Slots.Peak);
        await AssertRoundGoesOnAsync();
    }

    [Fact]
    public async Task Upload_ExpiredTicket_IsRefused()
    {
        TestUpdate update = Update();
        Host.Time.Advance(TimeSpan.FromMinutes(11));

        await AssertRefusedAsync(update, StatusCode.FailedPrecondition, ErrorKinds.TicketExpired);
    }

    [Fact]
    public async Task Upload_ForgedTicket_IsRefused()
    {
        TestUpdate update = Update();
        SignedTicket signed = Host.Signer.Sign(update.Ticket);
        update.Ticket.MaxWeight = 1e9;
        update.Header.Ticket = new SignedTicket { KeyId = signed.KeyId, Signature = signed.Signature, Payload = update.Ticket.ToByteString() };

        await AssertRefusedAsync(update, StatusCode.PermissionDenied, ErrorKinds.TicketForged);
    }

    [Fact]
    public async Task Upload_TicketOfAnotherKey_IsRefused()
    {
        using var key = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        TestUpdate update = Update();
        update.Header.Ticket = new TicketSigner(key, "key").Sign(update.Ticket);

        await AssertRefusedAsync(update, StatusCode.PermissionDenied, ErrorKinds.TicketForged);
    }

    [Theory]
    [InlineData("default:device-2")]
    [InlineData("other:device-1")]
    public async Task Upload_TicketOfAnotherDevice_IsRefused(string caller)
    {
        TestUpdate update = Update();
        update.Caller = caller;

        await AssertRefusedAsync(update, StatusCode.PermissionDenied, ErrorKinds.TicketForeign);
    }

    [Fact]
    public async Task Upload_WithoutToken_IsUnauthenticated()
    {
        TestUpdate update = Update();
        update.Caller = "nobody";

        RpcException refusal = await Assert.ThrowsAsync<RpcException>(() => UploadAsync(update));

        Assert.Equal(StatusCode.Unauthenticated, refusal.StatusCode);
        await AssertRoundGoesOnAsync();
    }

    [Fact]
    public async Task Upload_UnknownRound_IsStale()
    {
        TestUpdate update = Update();
        update.Ticket.Round = 99;

        await AssertRefusedAsync(update, StatusCode.FailedPrecondition, ErrorKinds.StaleRound);
    }

    [Fact]
    public async Task Upload_TicketOfALaterWriter_IsStale()
    {
        TestUpdate update = Update();
        update.Ticket.WriterEpoch = 2;

        await AssertRefusedAsync(update, StatusCode.FailedPrecondition, ErrorKinds.StaleRound);
    }

    [Fact]
    public async Task Upload_ClosedRound_IsStale()
    {
        TestUpdate late = Update("late");
        await Host.Node.CloseRoundAsync(Plan.Key, Cancellation);

        RpcException refusal = await Assert.ThrowsAsync<RpcException>(() => UploadAsync(late));

        Assert.Equal(StatusCode.FailedPrecondition, refusal.StatusCode);
        Assert.Equal(ErrorKinds.StaleRound, refusal.Trailers.GetValue(ErrorKinds.Trailer));
        await Host.Logs.NextAsync("UpdateRefused", Cancellation);
        AssertPoolIsFree();
    }

    [Fact]
    public async Task Upload_DataBeforeTheHeader_BreaksTheProtocol()
    {
        using AsyncClientStreamingCall<UploadFrame, UploadReceipt> call = Call(Update());
        await call.RequestStream.WriteAsync(new UploadFrame(new byte[100]), Cancellation);

        RpcException refusal = await Assert.ThrowsAsync<RpcException>(async () => await call.ResponseAsync);

        Assert.Equal(StatusCode.InvalidArgument, refusal.StatusCode);
        Assert.Equal(ErrorKinds.Protocol, refusal.Trailers.GetValue(ErrorKinds.Trailer));
        await Host.Logs.NextAsync("UpdateRefused", Cancellation);
        await AssertRoundGoesOnAsync();
    }

    [Fact]
    public async Task Upload_SecondHeader_BreaksTheProtocol()
    {
        TestUpdate update = Update();
        using AsyncClientStreamingCall<UploadFrame, UploadReceipt> call = Call(update);
        await call.RequestStream.WriteAsync(new UploadFrame(update.SignedHeader(Host.Signer)), Cancellation);
        await call.RequestStream.WriteAsync(new UploadFrame(update.Header), Cancellation);

        RpcException refusal = await Assert.ThrowsAsync<RpcException>(async () => await call.ResponseAsync);

        Assert.Equal(ErrorKinds.Protocol, refusal.Trailers.GetValue(ErrorKinds.Trailer));
        await Host.Logs.NextAsync("UpdateRefused", Cancellation);
        await AssertRoundGoesOnAsync();
    }

    [Theory]
    [InlineData(-1.0, 0, 0, 1, 1)]
    [InlineData(2.0, 3, 2, 1, 1)]
    [InlineData(2.0, 2, 2, -1, 3)]
    public async Task Upload_StatisticsThatNoDataHave_AreRefusedAndTheRoundGoesOn(double count, double sum, double squares, long first, long second)
    {
        var shape = new StatisticsShape(Features: 1, Labels: 2, Channels: 0);
        RoundPlan plan = TestUpdate.Plan();
        await OpenAsync(plan with { Key = plan.Key with { Kind = TaskKind.Statistics }, Sections = [.. shape.Sections()] });

        RpcException refusal = await Assert.ThrowsAsync<RpcException>(() => UploadAsync(Sums("bad", [count, sum, squares], [first, second])));

        Assert.Equal((StatusCode.InvalidArgument, ErrorKinds.ImpossibleStatistics), (refusal.StatusCode, refusal.Trailers.GetValue(ErrorKinds.Trailer)));
        AssertPoolIsFree();
        Assert.Equal(UploadStatus.Stored, await UploadAsync(Sums("good", [2, 2, 2], [1, 1])));
        Assert.Equal("good", Assert.Single((await Host.Node.CloseRoundAsync(Plan.Key, Cancellation)).Included).AssignmentId);
    }

    private TestUpdate Sums(string assignment, double[] moments, long[] labels)
    {
        TestUpdate update = Update(assignment);
        update.Payload = [.. MemoryMarshal.AsBytes(moments.AsSpan()), .. MemoryMarshal.AsBytes(labels.AsSpan())];
        return update.Rehashed();
    }
}
