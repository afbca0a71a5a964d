using Federated.Coordination.Jobs;
using Federated.Coordination.Persistence;
using Federated.Protocol.V1;

namespace Federated.UnitTests.Coordination.Jobs;

/// <summary>What becomes of the tickets of devices that are slow, silent, lost or started anew.</summary>
public sealed class AsynchronousTicketTests : AsynchronousJob
{
    [Fact]
    public async Task Update_TooManyVersionsBehind_IsGivenUp()
    {
        await using var world = new CoordinationWorld(Job("afa-cd", versions: 9, ("buffer", 1), ("maxStaleness", 1)));
        await world.CreateJobAsync();
        TaskAssignment slow = await TaskAsync(world, 2);
        Send(world, await TaskAsync(world, 0));
        await UntilVersionAsync(world, 1);
        Assert.Equal(DispositionKind.Pending, await world.DispositionAsync("device-2", slow.AssignmentId));

        Send(world, await TaskAsync(world, 0));
        await UntilVersionAsync(world, 2);

        UpdateDisposition fate = await world.FateAsync("device-2", slow.AssignmentId);
        Assert.Equal(DispositionKind.Discarded, fate.Kind);
        Assert.Contains("More than 1 versions", fate.Reason, StringComparison.Ordinal);
        Assert.False(Send(world, slow));
        Assert.Equal(2u, (await TaskAsync(world, 2)).TicketContent.BaseModelVersion);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Restart_WithTicketsOfTwoVersions_TakesThemAll(bool losesWhatIsStored)
    {
        await using var world = new CoordinationWorld(Job("afa-cs", versions: 4));
        await world.CreateJobAsync();
        TaskAssignment[] tasks = [await TaskAsync(world, 0), await TaskAsync(world, 1), await TaskAsync(world, 2)];
        Send(world, tasks[0]);
        Send(world, tasks[1]);
        await UntilVersionAsync(world, 1);
        TaskAssignment later = await TaskAsync(world, 0);
        Send(world, tasks[2]);
        await world.UntilAsync(progress => progress.Stored == 1);

        await world.RestartAsync(_ => losesWhatIsStored);

        Assert.Equal(
            losesWhatIsStored ? DispositionKind.Resend : DispositionKind.Pending, await world.DispositionAsync("device-2", tasks[2].AssignmentId));
        Assert.Equal(DispositionKind.Resend, await world.DispositionAsync("device-0", later.AssignmentId));
        Assert.False(Send(world, tasks[0]));
        Assert.True(Send(world, tasks[2]));
        Assert.True(Send(world, later));
        await UntilVersionAsync(world, 2);
        Assert.Equal(DispositionKind.Counted, await world.DispositionAsync("device-2", tasks[2].AssignmentId));
        Assert.Equal(DispositionKind.Counted, await world.DispositionAsync("device-0", later.AssignmentId));
    }

    [Fact]
    public async Task SilentDevice_TimeHasPassed_MakesRoomAndMayStillCome()
    {
        await using var world = new CoordinationWorld(Job("afa-cd", versions: 9) with { Round = new() { CohortSize = 1, DeadlineSeconds = 100, Population = 3 } });
        await world.CreateJobAsync();
        TaskAssignment silent = await TaskAsync(world, 0);
        Assert.Equal(RejectionReason.CohortFull, (await world.CheckInAsync("device-1", waitMs: 0)).Rejection.Reason);
        Task<CheckInReply> waiting = world.CheckInAsync("device-1");

        world.Time.Advance(TimeSpan.FromSeconds(101));
        TaskAssignment other = (await waiting).Assignment;
        Assert.True(Send(world, silent));
        Assert.True(Send(world, other));
        await UntilVersionAsync(world, 1);

        Assert.Equal(2, world.Store.Assignments.Count(record => record.Disposition == AssignmentDisposition.Counted));
    }

    [Fact]
    public async Task Device_AsksForAnotherTask_GetsOneOfThePresentVersion()
    {
        await using var world = new CoordinationWorld(Job("afa-cd", versions: 9, ("buffer", 1)));
        await world.CreateJobAsync();
        TaskAssignment lost = await TaskAsync(world, 0);
        Send(world, await TaskAsync(world, 1));
        await UntilVersionAsync(world, 1);

        TaskAssignment next = await TaskAsync(world, 0);

        Assert.NotEqual(lost.AssignmentId, next.AssignmentId);
        Assert.Equal(1u, next.TicketContent.BaseModelVersion);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Device_LostOrGaveUpItsTask_GetsTheSameOfThisVersionAgain(bool givesUp)
    {
        await using var world = new CoordinationWorld(Job("fedasync", versions: 9));
        await world.CreateJobAsync();
        TaskAssignment task = await TaskAsync(world, 0);
        if (givesUp)
        {
            var report = new FailureReport { AssignmentId = task.AssignmentId, Kind = "interrupted", Message = "The device does not charge." };
            Assert.True(await world.Directory.Devices.ReportFailureAsync(new DeviceIdentity(CoordinationWorld.Tenant, "device-0"), report, Cancel));
        }

        TaskAssignment again = await TaskAsync(world, 0);

        Assert.Equal(task.AssignmentId, again.AssignmentId);
        Assert.True(Send(world, again));
        await UntilVersionAsync(world, 1);
        Assert.Equal(DispositionKind.Counted, await world.DispositionAsync("device-0", task.AssignmentId));
    }
}
