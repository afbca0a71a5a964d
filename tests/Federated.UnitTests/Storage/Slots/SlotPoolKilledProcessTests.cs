using System.Diagnostics;
using Federated.Storage.Slots;

namespace Federated.UnitTests.Storage.Slots;

public sealed class SlotPoolKilledProcessTests : SlotPoolFixture
{
    [Fact]
    public async Task ReclaimDeadOwners_KilledChild_LosesOnlyWhatItHadNotCommitted()
    {
        var cancel = TestContext.Current.CancellationToken;
        var pool = Open();
        var waiting = Commit(pool, 1, 2);

        // 1. A child takes the committed payload, commits one of its own and is in the middle of a third.
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        };
        if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet")
        {
            start.ArgumentList.Add(typeof(SlotPoolChild).Assembly.Location);
        }

        start.Environment[SlotPoolChild.Variable] = Options.Directory;
        using var child = Process.Start(start)!;
        Assert.Equal("holding", await child.StandardOutput.ReadLineAsync(cancel));

        // 2. While it lives nothing is taken from it.
        Assert.Equal(default, pool.ReclaimDeadOwners());
        Assert.Equal((1, 1, 1), (pool.Statistics.Reserved, pool.Statistics.Committed, pool.Statistics.Taken));

        // 3. Killed, it gives back the reservation and the payload that it was reading; its commit stays.
        child.Kill();
        await child.WaitForExitAsync(cancel);
        Assert.Equal(new SlotReclaim(1, 1, 1, 0), pool.ReclaimDeadOwners());
        Assert.Equal(default, pool.ReclaimDeadOwners());

        var left = pool.EnumerateCommitted();
        Assert.Equal(waiting, left[0]);
        using var own = Take(pool, left[1].Key);
        Assert.Equal([7, 8, 9], own.Bytes.ToArray());
        Assert.Equal(2, left.Count);
    }
}
