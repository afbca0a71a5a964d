using System.Security.Cryptography;
using Federated.Client;
using Federated.Client.Sessions;
using Federated.Protocol;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.Protocol.Statistics;
using Federated.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;

namespace Federated.FunctionalTests.Client;

/// <summary>The main path of a device against a server that answers by script.</summary>
public sealed class SessionTests
{
    [Fact]
    public async Task RunAsync_OneRound_UploadsTheDeltaWithItsTicket()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        string assignment = fixture.World.Assign();

        SessionSummary summary = await fixture.RunAsync();

        Assert.Equal(new SessionSummary(Trained: 1, Evaluated: 0, Counted: 1, Discarded: 0, Failed: 0), summary);
        ReceivedUpload upload = Assert.Single(fixture.World.Uploads);
        Assert.Equal(assignment, upload.AssignmentId);
        Assert.All(upload.Floats, value => Assert.Equal(1f, value));
        Assert.Equal(10, upload.Header.Weight);
        Assert.Equal(3u, upload.Header.LocalSteps);
        Assert.Equal(0.5, upload.Header.TrainingLoss);
        Assert.Equal(System.IO.Hashing.XxHash3.HashToUInt64(upload.Payload), upload.Header.Checksum);
        Assert.Equal(
            [
                DeviceEventKind.Ready, DeviceEventKind.Assigned, DeviceEventKind.Working, DeviceEventKind.Worked, DeviceEventKind.Stored,
                DeviceEventKind.Counted, DeviceEventKind.JobEnded,
            ],
            fixture.Seen.Select(e => e.Kind).Where(k => k is not (DeviceEventKind.Downloading or DeviceEventKind.Uploading)));
    }

    [Fact]
    public async Task RunAsync_SecondRun_KeepsTheIdentityAndTheModel()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        fixture.World.Assign();
        await fixture.RunAsync();
        fixture.Options.EnrolmentToken = null;
        fixture.World.Assign();

        SessionSummary summary = await fixture.RunAsync();

        Assert.Equal(1, summary.Trained);
        Assert.Equal(1, fixture.World.EnrolCalls);
        Assert.Single(fixture.World.Downloads);
    }

    [Fact]
    public async Task RunAsync_SeveralRounds_TellsPendingAssignmentsAtCheckIn()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        fixture.World.Disposition = (_, token) => Never<DispositionReply>(token);
        string first = fixture.World.Assign();
        fixture.World.Assign(dispositions: FakeWorld.Fate(first, DispositionKind.Counted, 1));
        fixture.World.Answer = (request, _) => Task.FromResult(FakeWorld.Rejected(
            RejectionReason.JobEnded, 0, [.. request.PendingAssignments.Select(id => FakeWorld.Fate(id, DispositionKind.Counted, 2))]));

        SessionSummary summary = await fixture.RunAsync();

        Assert.Equal(new SessionSummary(2, 0, 2, 0, 0), summary);
        Assert.Equal([[], [first], ["assignment-2"]], fixture.World.CheckInRequests.Select(r => r.PendingAssignments.ToArray()));
        Assert.Equal([1, 2], fixture.Seen.Where(e => e.Kind == DeviceEventKind.Counted).Select(e => e.ModelVersion));
    }

    [Fact]
    public async Task RunAsync_Evaluation_UploadsTheSums()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        fixture.World.Assign(TaskKind.Evaluate);

        SessionSummary summary = await fixture.RunAsync();

        Assert.Equal(1, summary.Evaluated);
        Assert.Equal([5.0, 7.0, 10.0], Assert.Single(fixture.World.Uploads).Doubles);
        Assert.Equal(0.7, fixture.Seen.Single(e => e.Kind == DeviceEventKind.Worked).Accuracy, 12);
    }

    [Fact]
    public async Task RunAsync_EvaluationOfAMaskedModel_TellsTheSolverOfTheMask()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        var model = ModelContent.Zeros(LinearModel.CreateSchema(features: 4, outputs: 2));
        model.Use(ModelMask.OfLargest(model.Schema, epoch: 3, model.Parameters, [2]));
        byte[] file = ModelFile.Write(model);
        fixture.World.Inline = ByteString.CopyFrom(file);
        fixture.World.Assign(TaskKind.Evaluate, task =>
        {
            task.Model = new ModelReference
            {
                BlobId = Convert.ToHexStringLower(SHA256.HashData(file)),
                ByteLength = (ulong)file.Length,
                SchemaHash = ByteString.CopyFrom(model.Schema.Hash),
            };
            task.TicketContent.SchemaHash = task.Model.SchemaHash;
        });
        var solver = new MaskWatchingSolver(model.Schema.ParameterCount);

        SessionSummary summary = await fixture.NewDevice().RunAsync(solver, fixture.Limit);

        Assert.Equal(1, summary.Evaluated);
        Assert.Equal(model.Mask!.HashText, Assert.Single(solver.Evaluated)?.HashText);
        Assert.Null(solver.Mask);
    }

    [Fact]
    public async Task RunAsync_StatisticsOfAnObjectiveWithoutExamples_ReportsItAndGoesOn()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        var shape = new StatisticsShape(Features: 4, Labels: 0, Channels: 0);
        fixture.World.Assign(TaskKind.Statistics, task =>
        {
            task.Training = shape.ToSettings();
            task.TicketContent.Sections.Clear();
            task.TicketContent.Sections.AddRange(shape.Sections());
        });
        fixture.World.Assign();

        SessionSummary summary = await fixture.RunAsync();

        Assert.Equal(new SessionSummary(1, 0, 1, 0, 1), summary);
        Assert.Contains("does not give its examples", Assert.Single(fixture.World.Failures).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_UnknownAlgorithm_ReportsAndGoesOn()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        fixture.World.Assign(change: task => task.Training.Algorithm = "telepathy");
        fixture.World.Assign();

        SessionSummary summary = await fixture.RunAsync();

        Assert.Equal(new SessionSummary(1, 0, 1, 0, 1), summary);
        Assert.Contains("telepathy", Assert.Single(fixture.World.Failures).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_NaNInLocalTraining_ReportsDivergenceAndUploadsNothing()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        string assignment = fixture.World.Assign();

        SessionSummary summary = await fixture.RunAsync(new StubSolver(8, local => local[3] = float.NaN));

        Assert.Equal(1, summary.Failed);
        FailureReport report = Assert.Single(fixture.World.Failures);
        Assert.Equal((assignment, ErrorKinds.Diverged), (report.AssignmentId, report.Kind));
        Assert.Equal(0, fixture.World.UploadCalls);
    }

    [Fact]
    public async Task RunAsync_SolverThrows_ReportsTheExceptionAndGoesOn()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        fixture.World.Assign();
        fixture.World.Assign();
        int calls = 0;

        SessionSummary summary = await fixture.RunAsync(new StubSolver(8, _ =>
        {
            if (calls++ == 0)
            {
                throw new InvalidOperationException("the sensor is unplugged");
            }
        }));

        Assert.Equal((1, 1), (summary.Trained, summary.Failed));
        FailureReport report = Assert.Single(fixture.World.Failures);
        Assert.Equal(ErrorKinds.Exception, report.Kind);
        Assert.Contains("the sensor is unplugged", report.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_ModelOfAnotherSize_ReportsBothSizes()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        fixture.World.Assign();

        await fixture.RunAsync(StubSolver.PlusOne(parameters: 5));

        Assert.Contains("5 parameters", Assert.Single(fixture.World.Failures).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_TicketOfAnotherDevice_IsRefusedUnused()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        fixture.World.Assign(change: task => task.TicketContent.DeviceId = "somebody-else");

        await fixture.RunAsync();

        Assert.Equal(ErrorKinds.Protocol, Assert.Single(fixture.World.Failures).Kind);
        Assert.Empty(fixture.World.Downloads);
    }

    [Fact]
    public async Task RunAsync_Rejected_WaitsAsLongAsTheServerAsks()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        fixture.World.CheckIns.Enqueue((_, _) => Task.FromResult(FakeWorld.Rejected(RejectionReason.CohortFull, retryAfterMs: 20_000)));
        var time = new ArmedTimeProvider();
        Task<SessionSummary> run = fixture.RunAsync(timeProvider: time);

        TimeSpan delay = await time.NextTimerAsync(TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(25));
        Assert.Single(fixture.World.CheckInRequests);
        time.Advance(delay);
        await run;

        Assert.Equal(2, fixture.World.CheckInRequests.Count);
        // Timers count whole milliseconds.
        Assert.InRange((fixture.Seen.Single(e => e.Kind == DeviceEventKind.Waiting).Delay - delay).TotalMilliseconds, -2, 2);
    }

    [Fact]
    public async Task RunAsync_NoJobNamed_StaysWithTheJobOfItsFirstTask()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        fixture.Options.JobIds.Clear();
        fixture.World.CheckIns.Enqueue((_, _) => Task.FromResult(FakeWorld.Rejected(RejectionReason.JobEnded)));
        fixture.World.Assign();

        SessionSummary summary = await fixture.RunAsync();

        Assert.Equal(1, summary.Trained);
        Assert.Equal([[], [], [FakeWorld.Job]], fixture.World.CheckInRequests.Select(request => request.JobIds.ToArray()));
    }

    [Fact]
    public async Task RunAsync_TooOldAVersion_EndsWithUpgradeRequired()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        fixture.World.Answer = (_, _) => Task.FromResult(FakeWorld.Rejected(RejectionReason.UpgradeRequired));

        FederatedClientException e = await Assert.ThrowsAsync<FederatedClientException>(() => fixture.RunAsync());

        Assert.Equal(FederatedClientReason.UpgradeRequired, e.Reason);
    }

    [Fact]
    public async Task RunAsync_CancelledWhileTraining_TellsTheServer()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        string assignment = fixture.World.Assign();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(fixture.Limit);

        Task run = fixture.NewDevice().RunAsync(new StubSolver(8, _ => stop.Cancel()), stop.Token);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        FailureReport report = Assert.Single(fixture.World.Failures);
        Assert.Equal((assignment, ErrorKinds.Interrupted), (report.AssignmentId, report.Kind));
    }

    [Fact]
    public async Task RunAsync_FolderOfARunningDevice_IsRefused()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        fixture.World.Answer = (_, token) => Never<CheckInReply>(token);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(fixture.Limit);
        Task first = fixture.NewDevice().RunAsync(StubSolver.PlusOne(), stop.Token);
        await fixture.NextAsync(DeviceEventKind.Ready);

        FederatedClientException e = await Assert.ThrowsAsync<FederatedClientException>(() => fixture.RunAsync());

        Assert.Equal(FederatedClientReason.StorageUnusable, e.Reason);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
    }

    [Fact]
    public async Task RunAsync_UploadRefusedForGood_DropsTheUpdateAndTellsTheCoordinator()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        fixture.World.Assign();
        fixture.World.Upload = (_, _) => throw new RpcException(
            new Status(StatusCode.InvalidArgument, "the norm is 9, at most 1 is allowed"),
            new Metadata { { ErrorKinds.Trailer, ErrorKinds.NormExceeded } });

        SessionSummary summary = await fixture.RunAsync();

        Assert.Equal(new SessionSummary(0, 0, 0, 1, 0), summary);
        Assert.Equal(ErrorKinds.NormExceeded, Assert.Single(fixture.World.Failures).Kind);
    }

    internal static async Task<T> Never<T>(CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        throw new InvalidOperationException("unreachable");
    }
}
