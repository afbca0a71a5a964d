using Federated.Coordination.Jobs;
using Federated.Coordination.Persistence;

namespace Federated.UnitTests.Coordination.Jobs;

/// <summary>What the model store keeps of the states of a job whose algorithm remembers every worker.</summary>
public sealed class AsynchronousStateTests : AsynchronousJob
{
    [Fact]
    public async Task States_BeyondTheBudget_AreForgottenButTheNewestTwo()
    {
        await using var world = new CoordinationWorld(Job("afa-cs", versions: 20, ("absent", 2), ("memoryMegabytes", 0.001)));
        await world.CreateJobAsync();
        for (int version = 1; version <= 5; version++)
        {
            Assert.True(Send(world, await TaskAsync(world, 0)));
            Assert.True(Send(world, await TaskAsync(world, 1)));
            await UntilVersionAsync(world, version);
        }

        bool[] kept = await StatesAsync(world, 3, 1, 2, 4, 5);
        Assert.Equal([false, false, false, true, true], kept);
        await world.RestartAsync(_ => false);

        // A roll-back shares the state of its version, which stays as long as the roll-back's own would.
        Assert.Equal(JobCommandOutcome.Done, await world.Directory.RollBackAsync(world.Job, 5, Cancel));
        int shared = world.Store.Versions[^1].Version;
        await MakeVersionAsync(world);
        kept = await StatesAsync(world, 4, 5, shared);
        Assert.Equal([false, true, true], kept);

        // Of a version whose state is gone the model is taken, and the memory is empty.
        Assert.Equal(JobCommandOutcome.Done, await world.Directory.RollBackAsync(world.Job, 2, Cancel));
        ModelVersionRecord revived = world.Store.Versions[^1];
        Assert.Equal((world.Store.Versions.Single(made => made.Version == 2).BlobId, null), (revived.BlobId, revived.StateBlobId));
        float[] before = world.ModelOf(revived.BlobId).Parameters;
        await MakeVersionAsync(world);
        float[] after = world.ModelOf(world.Store.Versions[^1].BlobId).Parameters;
        Assert.All(before.Zip(after), pair => Assert.InRange(Math.Abs(pair.Second - pair.First), 0.05f, 0.25f));
    }

    /// <summary>Two devices take part, and a version more is there.</summary>
    private static async Task MakeVersionAsync(CoordinationWorld world)
    {
        int before = world.Store.Versions.Count;
        Assert.True(Send(world, await TaskAsync(world, 0)));
        Assert.True(Send(world, await TaskAsync(world, 1)));
        await world.UntilAsync(_ => world.Store.Versions.Count > before);
    }

    /// <summary>Whether the states of some versions are in the model store once the first of them has left it, as it shall have.</summary>
    private static async Task<bool[]> StatesAsync(CoordinationWorld world, params int[] versions)
    {
        bool IsThere(int version) => world.Store.Versions.Single(made => made.Version == version).StateBlobId is { } id && world.Blobs.Has(id);
        await world.UntilAsync(_ => !IsThere(versions[0]));
        return [.. versions.Select(IsThere)];
    }
}
