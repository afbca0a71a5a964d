using Federated.FunctionalTests.Server;
using Federated.Protocol;
using Federated.Protocol.Models;
using Federated.Protocol.OneByte;
using Federated.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;

namespace Federated.FunctionalTests.Exchange;

/// <summary>What a device must not do in an exchange, spoken by hand: it is told what was wrong, and the log is as it was.</summary>
public sealed class HostileExchangeTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Gradients_ThatAreWrong_AreRefusedAndChangeNothing()
    {
        await using var server = await RunningServer.StartAsync();
        string jobId = await ExchangeWorld.CreateJobAsync(server.Administrator, ExchangeWorld.Definition(rounds: 20, cohort: 2, deadlineSeconds: 600, selectionSeconds: 600));
        using var device = await TestDevice.EnrolAndAuthenticateAsync(server, await server.CreateEnrolmentTokenAsync());
        var client = new ScalarExchange.ScalarExchangeClient(server.Channel);

        // Whoever has not joined is told so, and whoever joins nothing too.
        ExchangeScalarsReply stranger = await client.ExchangeScalarsAsync(new ExchangeScalarsRequest { JobId = jobId }, device.Headers, cancellationToken: Cancellation);
        Assert.Equal(ExchangeNext.Rejoin, stranger.Next);
        await GrpcAssert.RefusedAsync(StatusCode.NotFound, ErrorKinds.NoExchange, () =>
            client.JoinExchangeAsync(new JoinExchangeRequest { JobId = "none" }, device.Headers, cancellationToken: Cancellation).ResponseAsync);

        JoinExchangeReply join = await client.JoinExchangeAsync(new JoinExchangeRequest { JobId = jobId }, device.Headers, cancellationToken: Cancellation);
        OneByteMachine machine = Machine(join);
        ExchangeScalarsRequest Request(GradientBytes sent) => new()
        {
            JobId = jobId,
            Round = machine.Round,
            Previous = machine.Previous,
            Gradients = ByteString.CopyFrom(sent.ToBytes()),
        };
        Task RefusedAsync(string kind, ExchangeScalarsRequest request) => GrpcAssert.RefusedAsync(
            StatusCode.InvalidArgument, kind, () => client.ExchangeScalarsAsync(request, device.Headers, cancellationToken: Cancellation).ResponseAsync);

        byte[] two = [0x40, 0xC0];
        await RefusedAsync(ErrorKinds.Oversize, Request(new GradientBytes(0, join.Machine, machine.Previous, new byte[3])));
        await RefusedAsync(ErrorKinds.Oversize, Request(new GradientBytes(0, join.Machine, machine.Previous, new byte[60_000])));
        await RefusedAsync(ErrorKinds.LengthMismatch, Request(new GradientBytes(0, join.Machine, machine.Previous, new byte[1])));
        await RefusedAsync(ErrorKinds.WrongMachine, Request(new GradientBytes(0, join.Machine + 1, machine.Previous, two)));
        await RefusedAsync(ErrorKinds.Protocol, Request(new GradientBytes(1, join.Machine, machine.Previous, two)));
        await RefusedAsync(ErrorKinds.Protocol, Request(new GradientBytes(0, join.Machine, machine.Previous + 1, two)));
        ExchangeScalarsRequest cut = Request(new GradientBytes(0, join.Machine, machine.Previous, two));
        cut.Gradients = ByteString.CopyFrom(cut.Gradients.Span[..^1]);
        await RefusedAsync(ErrorKinds.Protocol, cut);
        ExchangeScalarsRequest infinite = Request(new GradientBytes(0, join.Machine, machine.Previous, two));
        infinite.State = new StateReport { Sha256 = ByteString.CopyFrom(new byte[32]), MeanLoss = double.NaN };
        await RefusedAsync(ErrorKinds.NotFinite, infinite);
        infinite.State = new StateReport { Sha256 = ByteString.CopyFrom(new byte[31]) };
        await RefusedAsync(ErrorKinds.LengthMismatch, infinite);

        // Another log, an older one, and one of the future are not worked with.
        ExchangeScalarsReply other = await client.ExchangeScalarsAsync(
            new ExchangeScalarsRequest { JobId = jobId, Round = 0, Previous = machine.Previous + 1 }, device.Headers, cancellationToken: Cancellation);
        ExchangeScalarsReply future = await client.ExchangeScalarsAsync(
            new ExchangeScalarsRequest { JobId = jobId, Round = 9, Previous = machine.Previous }, device.Headers, cancellationToken: Cancellation);
        Assert.Equal((ExchangeNext.Resync, ExchangeNext.Resync), (other.Next, future.Next));

        // A message that is sent again is taken once; the round is still open, and the log is empty.
        ExchangeScalarsReply taken = await client.ExchangeScalarsAsync(Request(new GradientBytes(0, join.Machine, machine.Previous, two)), device.Headers, cancellationToken: Cancellation);
        ExchangeScalarsReply replayed = await client.ExchangeScalarsAsync(Request(new GradientBytes(0, join.Machine, machine.Previous, two)), device.Headers, cancellationToken: Cancellation);
        Assert.Equal((GradientVerdict.Taken, GradientVerdict.Repeated), (taken.Verdict, replayed.Verdict));
        Assert.Empty(replayed.Records);
        JoinExchangeReply again = await client.JoinExchangeAsync(new JoinExchangeRequest { JobId = jobId }, device.Headers, cancellationToken: Cancellation);
        Assert.Equal(0u, again.Round);
    }

    [Fact]
    public async Task State_ThatIsNotTheRuns_IsFoundAtTheFirstComparison()
    {
        await using var server = await RunningServer.StartAsync();
        string jobId = await ExchangeWorld.CreateJobAsync(
            server.Administrator, ExchangeWorld.Definition(rounds: 40, cohort: 1, new { probes = 1, window = 4 }, selectionSeconds: 1));
        using var device = await TestDevice.EnrolAndAuthenticateAsync(server, await server.CreateEnrolmentTokenAsync());
        var client = new ScalarExchange.ScalarExchangeClient(server.Channel);
        JoinExchangeReply join = await client.JoinExchangeAsync(new JoinExchangeRequest { JobId = jobId }, device.Headers, cancellationToken: Cancellation);
        OneByteMachine machine = Machine(join);

        // Four rounds: the first comparison is due with the gradients of the fifth.
        ExchangeScalarsRequest Request() => new()
        {
            JobId = jobId,
            Round = machine.Round,
            Previous = machine.Previous,
            Gradients = ByteString.CopyFrom(new GradientBytes(machine.Round, join.Machine, machine.Previous, new byte[] { 0x40 }).ToBytes()),
            WaitMs = 30_000,
        };
        for (int round = 0; round < 4; round++)
        {
            ExchangeScalarsReply reply = await client.ExchangeScalarsAsync(Request(), device.Headers, cancellationToken: Cancellation);
            Assert.True(machine.Apply(RoundCommitment.Read(Assert.Single(reply.Records).Span)!));
        }

        await GrpcAssert.RefusedAsync(StatusCode.InvalidArgument, ErrorKinds.StateMissing, () =>
            client.ExchangeScalarsAsync(Request(), device.Headers, cancellationToken: Cancellation).ResponseAsync);
        ExchangeScalarsRequest wrong = Request();
        wrong.State = new StateReport { Round = 4, Sha256 = ByteString.CopyFrom(new byte[32]) };
        ExchangeScalarsReply found = await client.ExchangeScalarsAsync(wrong, device.Headers, cancellationToken: Cancellation);
        Assert.Equal(ExchangeNext.Resync, found.Next);

        // It has to join again; with the state of the checkpoint it may go on.
        Assert.Equal(ExchangeNext.Rejoin, (await client.ExchangeScalarsAsync(Request(), device.Headers, cancellationToken: Cancellation)).Next);
        join = await client.JoinExchangeAsync(new JoinExchangeRequest { JobId = jobId }, device.Headers, cancellationToken: Cancellation);
        Assert.Equal(4u, join.Checkpoint.Round);
        ExchangeScalarsRequest right = Request();
        right.State = new StateReport { Round = 4, Sha256 = ByteString.CopyFrom(machine.StateHash()) };
        Assert.Equal(GradientVerdict.Taken, (await client.ExchangeScalarsAsync(right, device.Headers, cancellationToken: Cancellation)).Verdict);
    }

    [Fact]
    public async Task RollBack_ToACheckpointThatIsKept_MachinesGoOnFromThere()
    {
        await using var server = await RunningServer.StartAsync();
        string jobId = await ExchangeWorld.CreateJobAsync(
            server.Administrator, ExchangeWorld.Definition(rounds: 40, cohort: 1, new { probes = 1, window = 4, retain = 2 }, selectionSeconds: 1));
        using var device = await TestDevice.EnrolAndAuthenticateAsync(server, await server.CreateEnrolmentTokenAsync());
        var client = new ScalarExchange.ScalarExchangeClient(server.Channel);
        JoinExchangeReply join = await client.JoinExchangeAsync(new JoinExchangeRequest { JobId = jobId }, device.Headers, cancellationToken: Cancellation);
        OneByteMachine machine = Machine(join);
        byte[] atEight = [];

        // Thirteen rounds: checkpoints before 4, 8 and 12, of which the last two are kept.
        for (int round = 0; round < 13; round++)
        {
            atEight = round == 8 ? machine.StateHash() : atEight;
            ExchangeScalarsReply reply = await client.ExchangeScalarsAsync(Request(machine, join, jobId), device.Headers, cancellationToken: Cancellation);
            Assert.True(machine.Apply(RoundCommitment.Read(Assert.Single(reply.Records).Span)!));
        }

        using var gone = await server.Administrator.PostAsync($"/api/v1/jobs/{jobId}/versions/1/roll-back", null, Cancellation);
        using var done = await server.Administrator.PostAsync($"/api/v1/jobs/{jobId}/versions/2/roll-back", null, Cancellation);
        Assert.Equal(System.Net.HttpStatusCode.NotFound, gone.StatusCode);
        Assert.True(done.IsSuccessStatusCode, await done.Content.ReadAsStringAsync(Cancellation));

        // The device's log is not the run's any more.
        Assert.Equal(ExchangeNext.Rejoin, (await client.ExchangeScalarsAsync(Request(machine, join, jobId), device.Headers, cancellationToken: Cancellation)).Next);
        join = await client.JoinExchangeAsync(new JoinExchangeRequest { JobId = jobId }, device.Headers, cancellationToken: Cancellation);
        Assert.Equal((8u, 8u), (join.Round, join.Checkpoint.Round));
        Assert.Equal(ExchangeNext.Resync, (await client.ExchangeScalarsAsync(Request(machine, join, jobId), device.Headers, cancellationToken: Cancellation)).Next);
        machine.Restore(OneByteArchive.Read(await DownloadAsync(server, device, join.Checkpoint.BlobId)).Checkpoint.Span);
        Assert.Equal(atEight, machine.StateHash());
        ExchangeScalarsReply on = await client.ExchangeScalarsAsync(Request(machine, join, jobId), device.Headers, cancellationToken: Cancellation);
        Assert.True(machine.Apply(RoundCommitment.Read(Assert.Single(on.Records).Span)!));
        Assert.Equal(9u, machine.Round);
    }

    private static ExchangeScalarsRequest Request(OneByteMachine machine, JoinExchangeReply join, string jobId) => new()
    {
        JobId = jobId,
        Round = machine.Round,
        Previous = machine.Previous,
        Gradients = ByteString.CopyFrom(new GradientBytes(machine.Round, join.Machine, machine.Previous, new byte[] { 0x40 }).ToBytes()),
        WaitMs = 30_000,
        State = machine.Round % join.Window == 0 ? new StateReport { Round = machine.Round, Sha256 = ByteString.CopyFrom(machine.StateHash()) } : null,
    };

    private static async Task<byte[]> DownloadAsync(RunningServer server, TestDevice device, string blobId)
    {
        using var call = new ModelStore.ModelStoreClient(server.Channel).DownloadModel(new DownloadRequest { BlobId = blobId }, device.Headers, cancellationToken: Cancellation);
        using var content = new MemoryStream();
        await foreach (DownloadChunk chunk in call.ResponseStream.ReadAllAsync(Cancellation))
        {
            chunk.Data.WriteTo(content);
        }

        return content.ToArray();
    }

    private static OneByteMachine Machine(JoinExchangeReply join)
    {
        ModelSchema schema = LinearModel.CreateSchema(ExchangeWorld.Features, ExchangeWorld.Outputs);
        return OneByteMachine.Start(OneByteSettings.Read(join.Settings.Span), new OneByteManifest(schema), new float[schema.ParameterCount]);
    }
}
