using System.IO.Hashing;
using Federated.Client.Sessions;
using Federated.Protocol;
using Federated.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;

namespace Federated.FunctionalTests.Client;

/// <summary>Broken connections, damaged bytes, full servers.</summary>
public sealed class TransferTests
{
    [Fact]
    public async Task Download_ConnectionLostHalfway_ResumesAtTheOffset()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync(parameters: 1000);
        FakeWorld world = fixture.World;
        int half = world.ModelBytes.Length / 2 / 16 * 16;
        world.Download = async (request, stream, context) =>
        {
            if (request.Offset == 0)
            {
                await world.SendAsync(world.ModelBytes, 0, half, stream);
                await fixture.NextDownloadedAsync(half);
                context.GetHttpContext().Abort();
                return;
            }

            await world.SendFromOffsetAsync(request, stream, context);
        };
        world.Assign();

        SessionSummary summary = await fixture.RunAsync(StubSolver.PlusOne(1000));

        Assert.Equal(1, summary.Trained);
        Assert.Equal([0UL, (ulong)half], world.Downloads.Select(d => d.Offset));
        Assert.Equal(world.ModelBytes.Length, world.BytesServed);
    }

    [Fact]
    public async Task Model_ComesWithItsTask_IsNotDownloaded()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        FakeWorld world = fixture.World;
        world.Inline = ByteString.CopyFrom(world.ModelBytes);
        world.Assign();
        world.Assign();

        SessionSummary summary = await fixture.RunAsync();

        Assert.Equal(2, summary.Trained);
        Assert.Empty(world.Downloads);
        Assert.All(world.CheckInRequests, request => Assert.Equal(1u << 20, request.InlineModelBytes));
        Assert.Equal(["", world.BlobId], world.CheckInRequests.Take(2).Select(request => request.HeldModel));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Model_ComesDamaged_IsDownloaded(bool withChecksum)
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        FakeWorld world = fixture.World;
        byte[] damaged = [.. world.ModelBytes];
        damaged[^1] ^= 1;
        world.Inline = ByteString.CopyFrom(damaged);
        world.Assign(change: task =>
        {
            if (withChecksum)
            {
                task.Model.Checksum = XxHash3.HashToUInt64(world.ModelBytes);
            }
        });

        SessionSummary summary = await fixture.RunAsync();

        Assert.Equal(1, summary.Trained);
        Assert.Single(world.Downloads);
    }

    [Fact]
    public async Task Download_AnotherChecksumThanTheTasks_IsABadModel()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        FakeWorld world = fixture.World;
        world.Assign(change: task => task.Model.Checksum = XxHash3.HashToUInt64(world.ModelBytes) + 1);

        SessionSummary summary = await fixture.RunAsync();

        Assert.Equal(1, summary.Failed);
        Assert.Equal(ErrorKinds.BadModel, Assert.Single(world.Failures).Kind);
        Assert.Equal(2, world.Downloads.Count);
    }

    [Fact]
    public async Task Download_ApplicationStoppedHalfway_ResumesInTheNextRun()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync(parameters: 1000);
        FakeWorld world = fixture.World;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(fixture.Limit);
        world.Download = async (request, stream, context) =>
        {
            await world.SendAsync(world.ModelBytes, 0, 160, stream);
            await fixture.NextDownloadedAsync(160);
            await stop.CancelAsync();
            await SessionTests.Never<int>(context.CancellationToken);
        };
        world.Assign();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fixture.NewDevice().RunAsync(StubSolver.PlusOne(1000), stop.Token));
        world.Download = world.SendFromOffsetAsync;
        world.Assign();

        SessionSummary summary = await fixture.RunAsync(StubSolver.PlusOne(1000));

        Assert.Equal(1, summary.Trained);
        Assert.Equal([0UL, 160UL], world.Downloads.Select(d => d.Offset));
    }

    [Fact]
    public async Task Download_DamagedOnce_IsDownloadedAgain()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        FakeWorld world = fixture.World;
        world.Download = async (request, stream, context) =>
        {
            byte[] bytes = [.. world.ModelBytes];
            bytes[^1] ^= (byte)(world.Downloads.Count == 1 ? 1 : 0);
            await world.SendAsync(bytes, (int)request.Offset, bytes.Length, stream);
        };
        world.Assign();

        SessionSummary summary = await fixture.RunAsync();

        Assert.Equal(1, summary.Trained);
        Assert.Equal([0UL, 0UL], world.Downloads.Select(d => d.Offset));
    }

    [Fact]
    public async Task Download_DamagedTwice_IsReportedAsABadModel()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        FakeWorld world = fixture.World;
        world.Download = async (request, stream, context) =>
        {
            byte[] bytes = [.. world.ModelBytes];
            bytes[^1] ^= 1;
            await world.SendAsync(bytes, (int)request.Offset, bytes.Length, stream);
        };
        world.Assign();

        SessionSummary summary = await fixture.RunAsync();

        Assert.Equal(new SessionSummary(0, 0, 0, 0, 1), summary);
        Assert.Equal(2, world.Downloads.Count);
        Assert.Equal(ErrorKinds.BadModel, Assert.Single(world.Failures).Kind);
    }

    [Fact]
    public async Task Download_MissingBlob_IsReportedWithoutRetry()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        fixture.World.Download = (_, _, _) => throw new RpcException(new Status(StatusCode.NotFound, "no such blob"));
        fixture.World.Assign();

        await fixture.RunAsync();

        Assert.Single(fixture.World.Downloads);
        Assert.Contains("no such blob", Assert.Single(fixture.World.Failures).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Download_BlobIdThatIsAPath_IsRefused()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        fixture.World.Assign(change: task => task.Model.BlobId = "../../../etc/passwd");

        await fixture.RunAsync();

        Assert.Empty(fixture.World.Downloads);
        Assert.Equal(ErrorKinds.BadModel, Assert.Single(fixture.World.Failures).Kind);
    }

    [Fact]
    public async Task Upload_StreamBrokenHalfway_IsRestartedFromItsBeginning()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync(parameters: 10_000);
        fixture.Options.UploadChunkBytes = 4096;
        FakeWorld world = fixture.World;
        world.Upload = async (stream, context) =>
        {
            if (world.UploadCalls == 1)
            {
                await stream.MoveNext(context.CancellationToken);
                await stream.MoveNext(context.CancellationToken);
                context.GetHttpContext().Abort();
                await SessionTests.Never<int>(context.CancellationToken);
            }

            return await world.StoreAsync(stream, context);
        };
        string assignment = world.Assign();

        SessionSummary summary = await fixture.RunAsync(StubSolver.PlusOne(10_000));

        Assert.Equal((1, 1), (summary.Trained, summary.Counted));
        Assert.Equal(2, world.UploadCalls);
        ReceivedUpload upload = Assert.Single(world.Uploads);
        Assert.Equal(assignment, upload.AssignmentId);
        Assert.Equal(40_000, upload.Payload.Length);
    }

    [Fact]
    public async Task Upload_GatewayIsFull_WaitsAsLongAsItAsks()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        FakeWorld world = fixture.World;
        world.Upload = async (stream, context) =>
        {
            if (world.UploadCalls > 1)
            {
                return await world.StoreAsync(stream, context);
            }

            // Read to the end: a stream that is reset under the writer's hands may lose the answer, which is another test.
            while (await stream.MoveNext(context.CancellationToken))
            {
            }

            throw new RpcException(
                new Status(StatusCode.ResourceExhausted, "no slot is free"), new Metadata { { ErrorKinds.RetryAfterTrailer, "7000" } });
        };
        world.Assign();
        var time = new ArmedTimeProvider();
        Task<SessionSummary> run = fixture.RunAsync(timeProvider: time);

        TimeSpan delay = await time.NextTimerAsync(TimeSpan.FromSeconds(7), TimeSpan.FromSeconds(8.75));
        Assert.Equal(1, world.UploadCalls);
        time.Advance(delay);
        SessionSummary summary = await run;

        Assert.Equal(1, summary.Counted);
        Assert.Equal(2, world.UploadCalls);
    }

    [Fact]
    public async Task Upload_StandsStill_IsBrokenOffAndTriedAgain()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        fixture.Options.StallTimeout = TimeSpan.FromSeconds(45);
        FakeWorld world = fixture.World;
        var stuck = new TaskCompletionSource();
        world.Upload = async (stream, context) =>
        {
            if (world.UploadCalls == 1)
            {
                // To the end: what is on its way when time goes on would be progress.
                while (await stream.MoveNext(context.CancellationToken))
                {
                }

                stuck.SetResult();
                await SessionTests.Never<int>(context.CancellationToken);
            }

            return await world.StoreAsync(stream, context);
        };
        world.Assign();
        var time = new ArmedTimeProvider();
        Task<SessionSummary> run = fixture.RunAsync(timeProvider: time);

        await stuck.Task.WaitAsync(fixture.Limit);
        time.Advance(TimeSpan.FromSeconds(46));
        time.Advance(await time.NextTimerAsync(TimeSpan.FromTicks(1), TimeSpan.FromMilliseconds(25)));
        SessionSummary summary = await run;

        Assert.Equal(1, summary.Counted);
        Assert.Contains(fixture.Seen, e => e.Kind == DeviceEventKind.Retrying && e.Text.Contains("45 s", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(DispositionKind.Discarded, 0, 1)]
    [InlineData(DispositionKind.Counted, 1, 0)] // an earlier upload whose answer was lost is in the model
    public async Task Upload_RoundClosedMeanwhile_LeavesTheFateToTheCoordinator(DispositionKind fate, int counted, int discarded)
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        fixture.World.Upload = (_, _) => throw new RpcException(new Status(StatusCode.FailedPrecondition, "the round is closed"));
        string assignment = fixture.World.Assign();
        fixture.World.Disposition = (_, _) => Task.FromResult(new DispositionReply { Dispositions = { FakeWorld.Fate(assignment, fate, 1) } });

        SessionSummary summary = await fixture.RunAsync();

        Assert.Equal(new SessionSummary(0, 0, counted, discarded, 0), summary);
        Assert.Empty(fixture.World.Failures);
    }
}
