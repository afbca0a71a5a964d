using Federated.Coordination.Jobs;
using Federated.Protocol;
using Federated.Protocol.V1;

namespace Federated.UnitTests.Coordination.Jobs;

/// <summary>What devices are told that ask for work or for the fates of their updates.</summary>
public sealed class DeviceDeskTests : TwoDeviceJob
{
    [Fact]
    public async Task Disposition_Waiting_IsAnsweredByTheCommit()
    {
        TaskAssignment[] tasks = await OpenRoundAsync();
        Upload(tasks[0]);
        Task<DispositionKind> waiting = World.DispositionAsync("a", IdOf(tasks, "a"), 60_000);
        Assert.Equal(DispositionKind.Pending, await World.DispositionAsync("a", IdOf(tasks, "a")));
        Assert.False(waiting.IsCompleted);

        Upload(tasks[1]);

        Assert.Equal(DispositionKind.Counted, await waiting);
        Assert.Equal(1, World.Store.Job(World.Job).CurrentVersion);
    }

    [Fact]
    public async Task Disposition_WaitRunsOut_IsPending()
    {
        TaskAssignment[] tasks = await OpenRoundAsync();
        Task<DispositionKind> waiting = World.DispositionAsync("a", IdOf(tasks, "a"), 5_000);
        Assert.Equal(DispositionKind.Pending, await World.DispositionAsync("a", IdOf(tasks, "a")));

        World.Time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(DispositionKind.Pending, await waiting);
    }

    [Fact]
    public async Task Disposition_OfAnotherDeviceOrMadeUp_IsUnknown()
    {
        TaskAssignment[] tasks = await OpenRoundAsync();

        Assert.Equal(DispositionKind.Unknown, await World.DispositionAsync("mallory", IdOf(tasks, "a")));
        Assert.Equal(DispositionKind.Unknown, await World.DispositionAsync("a", "made-up"));
    }

    [Fact]
    public async Task DeviceRevoked_HoldingATask_FailsIt()
    {
        TaskAssignment[] tasks = await OpenRoundAsync();
        Upload(tasks.Single(task => task.TicketContent.DeviceId == "a"));

        World.Directory.Devices.DeviceRevoked(new DeviceIdentity(CoordinationWorld.Tenant, "b"));

        await World.UntilAsync(progress => progress.Version == 1);
        Assert.Equal(("b", ErrorKinds.DroppedOut), (Assert.Single(World.Store.Failures).DeviceId, World.Store.Failures[0].Kind));
    }

    [Fact]
    public async Task CheckIn_CallerGoes_IsForgotten()
    {
        await World.CreateJobAsync();
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(World.Cancel);
        Task<CheckInReply> call = World.Directory.Devices.CheckInAsync(
            new DeviceIdentity(CoordinationWorld.Tenant, "a"), new CheckInRequest { SdkVersion = "0.1.0", WaitMs = 60_000 }, gone.Token);
        await World.UntilAsync(progress => progress.Waiting == 1);

        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await World.UntilAsync(progress => progress.Waiting == 0);
    }

    [Fact]
    public async Task CheckIn_ForAPausedJob_WaitsAndIsNotToldThatItEnded()
    {
        await World.CreateJobAsync();
        await World.Directory.PauseAsync(World.Job, World.Cancel);

        CheckInReply reply = await World.Directory.Devices.CheckInAsync(
            new DeviceIdentity(CoordinationWorld.Tenant, "a"),
            new CheckInRequest { SdkVersion = "0.1.0", JobIds = { World.Job.JobId } },
            World.Cancel);

        Assert.Equal(RejectionReason.NoWork, reply.Rejection.Reason);
    }

    [Fact]
    public async Task CheckIn_WithoutAWish_WaitsForTheFirstJobAndIsDoneAfterTheLast()
    {
        Assert.Equal(RejectionReason.NoWork, (await World.CheckInAsync("a")).Rejection.Reason);
        await World.CreateJobAsync();
        await World.Directory.StopJobAsync(World.Job, World.Cancel);
        while (World.Directory.Progress(World.Job) is not null)
        {
            await Task.Yield();
        }

        Assert.Equal(RejectionReason.JobEnded, (await World.CheckInAsync("a")).Rejection.Reason);
    }

    [Fact]
    public async Task CheckIn_WithoutAWishAfterARestart_IsDoneForThoseWhoHaveWorked()
    {
        await OpenRoundAsync();
        await World.Directory.StopJobAsync(World.Job, World.Cancel);

        await World.RestartAsync(_ => false);

        Assert.Equal(RejectionReason.JobEnded, (await World.CheckInAsync("a")).Rejection.Reason);
        Assert.Equal(RejectionReason.NoWork, (await World.CheckInAsync("newcomer")).Rejection.Reason);
    }

    [Fact]
    public async Task CheckIn_OldSdkUnknownJobOrOtherTenant_IsRejected()
    {
        await World.CreateJobAsync();
        var device = new DeviceIdentity(CoordinationWorld.Tenant, "a");

        CheckInReply old = await World.Directory.Devices.CheckInAsync(device, new CheckInRequest { SdkVersion = "0.0.9" }, World.Cancel);
        CheckInReply junk = await World.Directory.Devices.CheckInAsync(device, new CheckInRequest { SdkVersion = "x" }, World.Cancel);
        CheckInReply job = await World.Directory.Devices.CheckInAsync(
            device, new CheckInRequest { SdkVersion = "0.1.0", JobIds = { "other" } }, World.Cancel);
        CheckInReply tenant = await World.Directory.Devices.CheckInAsync(
            device with { TenantId = "other" }, new CheckInRequest { SdkVersion = "0.1.0", JobIds = { World.Job.JobId } }, World.Cancel);

        Assert.Equal(RejectionReason.UpgradeRequired, old.Rejection.Reason);
        Assert.Equal(RejectionReason.UpgradeRequired, junk.Rejection.Reason);
        Assert.Equal(RejectionReason.JobEnded, job.Rejection.Reason);
        Assert.Equal(RejectionReason.JobEnded, tenant.Rejection.Reason);
    }
}
