using Federated.Coordination.Jobs;
using Federated.Protocol.V1;

namespace Federated.UnitTests.Coordination.Jobs;

/// <summary>Devices that leave a job without rounds for good.</summary>
public sealed class AsynchronousLeaveTests : AsynchronousJob
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Device_Revoked_IsTakenOutOfTheMemoryAndNotWaitedFor(bool restarts)
    {
        await using var world = new CoordinationWorld(Job("afa-cs", versions: 4));
        await world.CreateJobAsync();
        TaskAssignment[] first = [await TaskAsync(world, 0), await TaskAsync(world, 1)];
        Assert.All(first, task => Assert.True(Send(world, task)));
        await UntilVersionAsync(world, 1);
        Assert.Equal([1, 2, 3], world.ModelOf(world.Store.Versions[^1].BlobId).Parameters);

        // The model waits for the third worker, who will not come any more.
        world.Directory.Devices.DeviceRevoked(new DeviceIdentity(CoordinationWorld.Tenant, "device-2"));
        TaskAssignment[] second = [await TaskAsync(world, 0), await TaskAsync(world, 1)];
        Assert.All(second, task => Assert.True(Send(world, task)));
        await UntilVersionAsync(world, 2);
        float[] moved = world.ModelOf(world.Store.Versions[^1].BlobId).Parameters;
        Assert.NotEqual([1, 2, 3], moved);

        if (restarts)
        {
            await world.RestartAsync(_ => false);
        }

        TaskAssignment[] third = [await TaskAsync(world, 0), await TaskAsync(world, 1)];
        Assert.All(third, task => Assert.True(Send(world, task)));
        await UntilVersionAsync(world, 3);
        Assert.NotEqual(moved, world.ModelOf(world.Store.Versions[^1].BlobId).Parameters);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Device_RevokedWhileTheBufferNeedsEverybody_IsNotWaitedForThere(bool restarts)
    {
        await using var world = new CoordinationWorld(Job("afa-cs", versions: 4, ("buffer", 3)));
        await world.CreateJobAsync();
        TaskAssignment[] tasks = [await TaskAsync(world, 0), await TaskAsync(world, 1), await TaskAsync(world, 2)];
        Assert.All(tasks[..2], task => Assert.True(Send(world, task)));
        await world.UntilAsync(progress => progress.Stored == 2);

        world.Store.Revoked["device-2"] = world.Time.GetUtcNow();
        if (restarts)
        {
            // The server is stopped before any coordinator hears of it.
            await world.RestartAsync(_ => false);
        }
        else
        {
            world.Directory.Devices.DeviceRevoked(new DeviceIdentity(CoordinationWorld.Tenant, "device-2"));
        }

        await UntilVersionAsync(world, 1);
        Assert.NotEqual([1, 2, 3], world.ModelOf(world.Store.Versions[^1].BlobId).Parameters);
    }

    [Fact]
    public async Task Device_RevokedBeforeARollBack_IsNotWaitedForAfterIt()
    {
        await using var world = new CoordinationWorld(Job("afa-cs", versions: 4, ("buffer", 3)));
        await world.CreateJobAsync();
        world.Directory.Devices.DeviceRevoked(new DeviceIdentity(CoordinationWorld.Tenant, "device-2"));
        TaskAssignment[] before = [await TaskAsync(world, 0), await TaskAsync(world, 1)];
        Assert.All(before, task => Assert.True(Send(world, task)));
        await UntilVersionAsync(world, 1);

        Assert.Equal(JobCommandOutcome.Done, await world.Directory.RollBackAsync(world.Job, 0, Cancel));
        TaskAssignment[] after = [await TaskAsync(world, 0), await TaskAsync(world, 1)];
        Assert.All(after, task => Assert.True(Send(world, task)));
        await world.UntilAsync(progress => progress.TrainingRounds == 1 && progress.Version > 2);

        Assert.NotEqual([1, 2, 3], world.ModelOf(world.Store.Versions[^1].BlobId).Parameters);
    }
}
