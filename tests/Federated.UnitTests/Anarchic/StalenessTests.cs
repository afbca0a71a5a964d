using Federated.Coordination.Anarchic;
using Federated.Protocol.Jobs;

namespace Federated.UnitTests.Anarchic;

public sealed class StalenessTests
{
    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 0.707107)]
    [InlineData(3, 0.5)]
    [InlineData(8, 0.333333)]
    [InlineData(15, 0.25)]
    public void FedBuff_Default_CountsByRootOfStaleness(int staleness, double expected)
    {
        SmallAnarchy anarchy = Anarchy(SmallAnarchy.Job("fedbuff", 0.1, 1, ("buffer", 1)), staleness);

        anarchy.Offer(0, 0, 1, delta: 1);

        Assert.Equal(expected, anarchy.X, 1e-6);
        Assert.Equal((staleness, expected), (anarchy.Last!.Counted[0].Staleness, Math.Round(anarchy.Last.Counted[0].Weight, 6)));
    }

    [Theory]
    [InlineData(0, 9, 0.6)]
    [InlineData(1, 0, 0.6)]
    [InlineData(1, 3, 0.3)]
    [InlineData(2, 4, 0.6)]
    [InlineData(2, 5, 0.6 / 11)]
    public void FedAsync_EachWeight_MixesByIt(double kind, int staleness, double expected)
    {
        SmallAnarchy anarchy = Anarchy(SmallAnarchy.Job("fedasync", 0.1, 1, ("staleness", kind)), staleness);

        anarchy.Offer(0, 0, 1, delta: 1);

        Assert.Equal(expected, anarchy.X, 1e-6);
    }

    [Fact]
    public void FedAsync_ManyStaleArrivals_TheRateStaysWhatItIs()
    {
        // One that multiplies its stored alpha at every arrival would hardly move in the end.
        SmallAnarchy anarchy = Anarchy(SmallAnarchy.Job("fedasync", 0.1, 1), versions: 50);
        for (int i = 0; i < 40; i++)
        {
            anarchy.Offer(0, anarchy.Server.Version - 8, 1, delta: 0);
        }

        double before = anarchy.X;
        anarchy.Offer(0, anarchy.Server.Version, 1, delta: 1);

        Assert.Equal(0.6, anarchy.X - before, 1e-6);
    }

    [Fact]
    public void FedAsync_StaleArrival_MixesTheWorkersModelAndNotItsDifference()
    {
        var anarchy = new SmallAnarchy(SmallAnarchy.Job("fedasync", 0.1, 1, ("staleness", 0)), 0, SmallAnarchy.Three);
        anarchy.Offer(0, 0, 1, delta: 10);

        // y = 0 + 1 whatever the model is by now: 0.4 · 6 + 0.6 · 1.
        anarchy.Offer(1, 0, 1, delta: 1);

        Assert.Equal(3, anarchy.X, 1e-5);
    }

    [Fact]
    public void AfaCd_StaleArrival_CountsInFull()
    {
        SmallAnarchy anarchy = Anarchy(SmallAnarchy.Job("afa-cd", 0.1, 1, ("buffer", 1)), versions: 50);

        anarchy.Offer(0, 0, 1, delta: 1);

        Assert.Equal(1, anarchy.X, 1e-6);
    }

    [Theory]
    [InlineData("afa-cd")]
    [InlineData("afa-cs")]
    [InlineData("fedbuff")]
    [InlineData("fedasync")]
    public void LoadState_AfterSomeVersions_GoesOnBitForBit(string algorithm)
    {
        JobDefinition job = algorithm == "fedasync" ? SmallAnarchy.Job(algorithm, 0.1, 1) : SmallAnarchy.Job(algorithm, 0.1, 1, ("buffer", 2)) with
        {
            ServerOptimizer = new() { Name = "momentum", Momentum = 0.5, LearningRate = 0.7 },
        };

        (double through, byte[] throughState) = Path(job, restart: false);
        (double restarted, byte[] restartedState) = Path(job, restart: true);

        Assert.Equal(through, restarted);
        Assert.Equal(throughState, restartedState);
    }

    [Fact]
    public void LoadState_Empty_IsTheStart()
    {
        SmallAnarchy anarchy = Anarchy(SmallAnarchy.Job("afa-cs", 0.1, 1, ("buffer", 1)), versions: 5);
        byte[] start = new SmallAnarchy(SmallAnarchy.Job("afa-cs", 0.1, 1, ("buffer", 1)), 0, SmallAnarchy.Three).Server.SaveState();

        anarchy.Server.LoadState([]);

        Assert.Equal(start, anarchy.Server.SaveState());
    }

    [Fact]
    public void LoadState_AnotherAlgorithms_IsRefused()
    {
        byte[] state = Anarchy(SmallAnarchy.Job("afa-cd", 0.1, 1, ("buffer", 1)), versions: 2).Server.SaveState();

        IAnarchicAlgorithm other = Anarchy(SmallAnarchy.Job("afa-cs", 0.1, 1, ("buffer", 1)), versions: 0).Server;

        Assert.Contains("'afa-cd'", Assert.Throws<InvalidDataException>(() => other.LoadState(state)).Message, StringComparison.Ordinal);
    }

    private static (double X, byte[] State) Path(JobDefinition job, bool restart)
    {
        var anarchy = new SmallAnarchy(job, 1, SmallAnarchy.Three);
        for (int i = 0; i < 30; i++)
        {
            anarchy.Push((uint)(i * 7 % 3), Math.Max(0, anarchy.Server.Version - (i % 3)), 1 + (i % 4), $"update-{i}");
            if (restart && anarchy.Server.Buffered == 0)
            {
                anarchy.Restart();
            }
        }

        return (anarchy.X, anarchy.Server.SaveState());
    }

    private static SmallAnarchy Anarchy(JobDefinition job, int versions)
    {
        var anarchy = new SmallAnarchy(job, 0, SmallAnarchy.Three);
        for (int i = 0; i < versions; i++)
        {
            anarchy.Offer(1, i, 1, delta: 0);
        }

        return anarchy;
    }
}
