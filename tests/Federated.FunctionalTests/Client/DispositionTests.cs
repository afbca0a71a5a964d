using Federated.Client.Sessions;
using Federated.Protocol.V1;

namespace Federated.FunctionalTests.Client;

/// <summary>What a device does when the fate of an update becomes known, or does not.</summary>
public sealed class DispositionTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Resend_UploadsTheSameBytesWithTheSameTicket(bool atCheckIn)
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        FakeWorld world = fixture.World;
        string assignment = world.Assign();
        var again = new TaskCompletionSource();
        world.Upload = async (stream, context) =>
        {
            UploadReceipt receipt = await world.StoreAsync(stream, context);
            if (world.Uploads.Count == 2)
            {
                again.SetResult();
            }

            return receipt;
        };
        if (atCheckIn)
        {
            world.Disposition = (_, token) => SessionTests.Never<DispositionReply>(token);
            world.CheckIns.Enqueue((_, _) => Task.FromResult(
                FakeWorld.Rejected(RejectionReason.NoWork, 1, FakeWorld.Fate(assignment, DispositionKind.Resend))));
        }
        else
        {
            // While the device waits for work the server finds out that it lost the update.
            world.Disposition = (_, token) => world.Uploads.Count == 1
                ? Task.FromResult(new DispositionReply { Dispositions = { FakeWorld.Fate(assignment, DispositionKind.Resend) } })
                : SessionTests.Never<DispositionReply>(token);
        }

        world.Answer = async (_, token) =>
        {
            await again.Task.WaitAsync(token);
            return FakeWorld.Rejected(RejectionReason.JobEnded, 0, FakeWorld.Fate(assignment, DispositionKind.Counted, 1));
        };

        SessionSummary summary = await fixture.RunAsync();

        Assert.Equal(1, summary.Counted);
        ReceivedUpload[] uploads = [.. world.Uploads];
        Assert.Equal(2, uploads.Length);
        Assert.Equal(uploads[0].Header, uploads[1].Header);
        Assert.Equal(uploads[0].Payload, uploads[1].Payload);
        Assert.Single(fixture.Seen, e => e.Kind == DeviceEventKind.Resending);
    }

    [Fact]
    public async Task Upload_ToAGatewayThatIsGone_MovesWhereTheServerSays()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        FakeWorld world = fixture.World;
        string assignment = world.Assign(change: task => task.TicketContent.Gateway = "http://127.0.0.1:9");
        world.Disposition = (_, token) => world.Uploads.IsEmpty
            ? Task.FromResult(new DispositionReply { Dispositions = { Moved(assignment, fixture.Options.Server!.ToString()) } })
            : SessionTests.Never<DispositionReply>(token);
        world.Answer = (_, _) => Task.FromResult(
            FakeWorld.Rejected(RejectionReason.JobEnded, 0, FakeWorld.Fate(assignment, DispositionKind.Counted, 1)));

        SessionSummary summary = await fixture.RunAsync();

        Assert.Equal(1, summary.Counted);
        Assert.Equal(assignment, Assert.Single(world.Uploads).AssignmentId);
    }

    [Fact]
    public async Task Upload_ToAGatewayThatIsGone_EndsWithTheRound()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        FakeWorld world = fixture.World;
        string assignment = world.Assign(change: task => task.TicketContent.Gateway = "http://127.0.0.1:9");
        world.Disposition = (_, _) => Task.FromResult(new DispositionReply { Dispositions = { FakeWorld.Fate(assignment, DispositionKind.Discarded) } });

        SessionSummary summary = await fixture.RunAsync();

        Assert.Equal((0, 1), (summary.Counted, summary.Discarded));
        Assert.Empty(world.Uploads);
    }

    [Fact]
    public async Task State_IsCommittedOnCountedOnly()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        FakeWorld world = fixture.World;
        world.Disposition = (_, token) => SessionTests.Never<DispositionReply>(token);
        string first = world.Assign(change: CountingTask);
        string second = world.Assign(TaskKind.Train, CountingTask, FakeWorld.Fate(first, DispositionKind.Counted, 1));
        string third = world.Assign(TaskKind.Train, CountingTask, FakeWorld.Fate(second, DispositionKind.Discarded));
        world.Answer = (_, _) => Task.FromResult(
            FakeWorld.Rejected(RejectionReason.JobEnded, 0, FakeWorld.Fate(third, DispositionKind.Discarded)));

        await fixture.NewDevice().RunAsync(CountingWork(), fixture.Limit);

        // Each update carries the state that the device started from.
        Assert.Equal([0f, 1f, 1f], world.Uploads.Select(u => u.Floats[0]));
    }

    [Fact]
    public async Task State_IsVoidInALaterEpochAndKeptOverARestart()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        FakeWorld world = fixture.World;
        world.Assign(change: CountingTask);
        await fixture.NewDevice().RunAsync(CountingWork(), fixture.Limit);
        world.Assign(change: CountingTask);
        await fixture.NewDevice().RunAsync(CountingWork(), fixture.Limit);
        world.Assign(change: task =>
        {
            CountingTask(task);
            task.StateEpoch = task.TicketContent.StateEpoch = 5;
        });
        await fixture.NewDevice().RunAsync(CountingWork(), fixture.Limit);

        Assert.Equal([0f, 1f, 0f], world.Uploads.Select(u => u.Floats[0]));
    }

    [Fact]
    public async Task Restart_UploadCutOff_SendsTheStoredBytesInTheNextRun()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        FakeWorld world = fixture.World;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(fixture.Limit);
        world.Upload = async (stream, context) =>
        {
            await stop.CancelAsync();
            return await SessionTests.Never<UploadReceipt>(context.CancellationToken);
        };
        string assignment = world.Assign();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fixture.NewDevice().RunAsync(StubSolver.PlusOne(), stop.Token));
        world.Upload = world.StoreAsync;

        SessionSummary summary = await fixture.RunAsync();

        Assert.Equal(new SessionSummary(Trained: 0, Evaluated: 0, Counted: 1, Discarded: 0, Failed: 0), summary);
        ReceivedUpload upload = Assert.Single(world.Uploads);
        Assert.Equal(assignment, upload.AssignmentId);
        Assert.All(upload.Floats, value => Assert.Equal(1f, value));
        Assert.Empty(Directory.GetFiles(Path.Combine(fixture.DataFolder, "pending")));
    }

    [Fact]
    public async Task Restart_StoredUpdate_IsNotSentAgain()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        FakeWorld world = fixture.World;
        Func<DispositionRequest, CancellationToken, Task<DispositionReply>> counts = world.Disposition;
        world.Disposition = (_, token) => SessionTests.Never<DispositionReply>(token);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(fixture.Limit);
        world.Assign();
        world.CheckIns.Enqueue(async (_, token) =>
        {
            await stop.CancelAsync();
            return await SessionTests.Never<CheckInReply>(token);
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fixture.NewDevice().RunAsync(StubSolver.PlusOne(), stop.Token));
        world.Disposition = counts;

        SessionSummary summary = await fixture.RunAsync();

        Assert.Equal(1, summary.Counted);
        Assert.Equal(1, world.UploadCalls);
    }

    [Fact]
    public async Task JobEnded_FateStillOpen_WaitsForIt()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        FakeWorld world = fixture.World;
        string assignment = world.Assign();
        world.Disposition = async (request, token) =>
        {
            if (world.CheckInRequests.Count < 2 || request.WaitMs == 0)
            {
                return await SessionTests.Never<DispositionReply>(token);
            }

            return new DispositionReply { Dispositions = { FakeWorld.Fate(assignment, DispositionKind.Discarded) } };
        };

        SessionSummary summary = await fixture.RunAsync();

        Assert.Equal(1, summary.Discarded);
    }

    private static LocalWork CountingWork() => new() { CreateSolver = _ => StubSolver.PlusOne(), Algorithms = [new CountingAlgorithm()] };

    private static void CountingTask(TaskAssignment task) => task.Training.Algorithm = "counting";

    private static UpdateDisposition Moved(string assignmentId, string gateway)
    {
        UpdateDisposition fate = FakeWorld.Fate(assignmentId, DispositionKind.Resend);
        fate.Gateway = gateway;
        return fate;
    }
}
