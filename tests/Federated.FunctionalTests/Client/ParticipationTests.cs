using Federated.Client;
using Federated.Client.Participation;
using Federated.Client.Sessions;
using Federated.Protocol;

namespace Federated.FunctionalTests.Client;

/// <summary>A device that takes part when its policy says so, against a server that answers by script.</summary>
public sealed class ParticipationTests
{
    private static readonly DeviceConditions OnPower = new() { IsCharging = true };
    private static readonly DeviceConditions OnBattery = new() { IsCharging = false };

    [Fact]
    public async Task RunAsync_ConditionsNotMet_ChecksInWhenTheyAre()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        fixture.World.Assign();
        var conditions = new TestConditions(OnBattery);
        Task<SessionSummary> run = fixture.NewDevice(participation: new ChargingPolicy(), conditions: conditions)
            .RunAsync(StubSolver.PlusOne(), fixture.Limit);

        DeviceEvent rest = await fixture.NextAsync(DeviceEventKind.Resting);
        Assert.Contains("does not charge", rest.Text, StringComparison.Ordinal);
        Assert.Empty(fixture.World.CheckInRequests);
        conditions.Become(OnPower);

        Assert.Equal(1, (await run).Counted);
    }

    [Fact]
    public async Task RunAsync_PolicyStopsTheTraining_SendsWhatItHasWithItsTrueSteps()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        fixture.World.Assign(change: task => task.Training.Steps = 50);
        var conditions = new TestConditions(OnPower);
        var solver = new StepwiseSolver(8, step => conditions.Become(step == 4 ? OnBattery : OnPower));
        Task<SessionSummary> run = fixture.NewDevice(participation: new ChargingPolicy(), conditions: conditions).RunAsync(solver, fixture.Limit);

        await fixture.NextAsync(DeviceEventKind.Stored);
        ReceivedUpload upload = Assert.Single(fixture.World.Uploads);
        Assert.Equal(4u, upload.Header.LocalSteps);
        Assert.All(upload.Floats, value => Assert.Equal(4f, value));
        conditions.Become(OnPower);

        Assert.Equal(new SessionSummary(1, 0, 1, 0, 0), await run);
    }

    [Fact]
    public async Task RunAsync_PolicyStopsBeforeTheFirstStep_SendsNothingAndSaysWhy()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        var conditions = new TestConditions(OnPower);
        string assignment = fixture.World.Assign(change: _ => conditions.Become(OnBattery));
        Task<SessionSummary> run = fixture.NewDevice(participation: new ChargingPolicy(), conditions: conditions)
            .RunAsync(StubSolver.PlusOne(), fixture.Limit);

        await fixture.NextAsync(DeviceEventKind.Resting);
        conditions.Become(OnPower);
        await run;

        // The answer to the check-in may have come after the change of mind: then the device never saw the task.
        Assert.Empty(fixture.World.Uploads);
        Assert.All(fixture.World.Failures, failure =>
        {
            Assert.Equal((assignment, ErrorKinds.Interrupted), (failure.AssignmentId, failure.Kind));
            Assert.Contains("does not charge", failure.Message, StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task RunAsync_PolicyLimitsSteps_TrainsNoMore()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        fixture.World.Assign(change: task =>
        {
            task.Training.Steps = 0;
            task.Training.Epochs = 3;
            task.Training.BatchSize = 2;
        });

        await fixture.NewDevice(participation: new StepLimitPolicy(6)).RunAsync(new StepwiseSolver(8, _ => { }), fixture.Limit);

        Assert.Equal(6u, Assert.Single(fixture.World.Uploads).Header.LocalSteps);
    }

    [Fact]
    public async Task RunAsync_TicketAllowsFewerStepsThanTheTaskAsksFor_TrainsNoMore()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        fixture.World.Assign(change: task =>
        {
            task.Training.Steps = 50;
            task.TicketContent.MaxSteps = 9;
        });

        await fixture.NewDevice().RunAsync(new StepwiseSolver(8, _ => { }), fixture.Limit);

        Assert.Equal(9u, Assert.Single(fixture.World.Uploads).Header.LocalSteps);
    }

    [Fact]
    public async Task RunAsync_Budget_CountsWhatWentOverTheWireAndEndsTheDevicesWork()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        fixture.World.Assign();
        fixture.World.Assign();
        string file = Path.Combine(fixture.DataFolder, "budget.json");
        long oneTask = fixture.World.ModelBytes.Length + (8 * sizeof(float));
        FederatedDevice device = fixture.NewDevice(participation: new BudgetPolicy(file, TimeSpan.FromDays(1)) { Bytes = oneTask });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(fixture.Limit);
        Task<SessionSummary> run = device.RunAsync(StubSolver.PlusOne(), stop.Token);

        DeviceEvent rest = await fixture.NextAsync(DeviceEventKind.Resting);

        Assert.Contains("the bytes of this period are spent", rest.Text, StringComparison.Ordinal);
        Assert.Single(fixture.World.Uploads);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
    }

    [Fact]
    public async Task RunAsync_TaskThatFailsAfterItsDownload_CountsTheDownload()
    {
        await using DeviceFixture fixture = await DeviceFixture.StartAsync();
        fixture.World.Assign(change: task => task.Training.Algorithm = "unheard-of");
        string file = Path.Combine(fixture.DataFolder, "budget.json");
        FederatedDevice device = fixture.NewDevice(participation: new BudgetPolicy(file, TimeSpan.FromDays(1)) { Bytes = fixture.World.ModelBytes.Length });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(fixture.Limit);
        Task<SessionSummary> run = device.RunAsync(StubSolver.PlusOne(), stop.Token);

        DeviceEvent rest = await fixture.NextAsync(DeviceEventKind.Resting);

        Assert.Contains("the bytes of this period are spent", rest.Text, StringComparison.Ordinal);
        Assert.Single(fixture.World.Failures);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
    }
}
