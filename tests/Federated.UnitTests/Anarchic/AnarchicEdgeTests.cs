using Federated.Client.Training;
using Federated.Coordination.Anarchic;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.UnitTests.Algorithms;

namespace Federated.UnitTests.Anarchic;

/// <summary>What an asynchronous server does with workers that lie, dawdle, repeat themselves or leave.</summary>
public sealed class AnarchicEdgeTests
{
    [Theory]
    [InlineData("afa-cd")]
    [InlineData("afa-cs")]
    [InlineData("fedbuff")]
    public void Offer_NoSteps_IsNotCounted(string algorithm)
    {
        SmallAnarchy anarchy = Anarchy(algorithm, ("buffer", 1));

        Assert.Equal(ArrivalVerdict.NoSteps, anarchy.Offer(0, 0, steps: 0, delta: 1));
        Assert.Equal(ArrivalVerdict.NoSteps, anarchy.Offer(0, 0, steps: -3, delta: 1));

        Assert.Equal((0, 0L), (anarchy.Server.Buffered, anarchy.Server.Version));
    }

    [Fact]
    public void Offer_MoreStepsThanAllowed_IsRefused()
    {
        SmallAnarchy anarchy = Anarchy(Job("afa-cd", ("buffer", 1)) with { Bounds = new() { MaxSteps = 50 } });

        Assert.Equal(ArrivalVerdict.TooManySteps, anarchy.Offer(0, 0, steps: 51, delta: 1));
        Assert.Equal(ArrivalVerdict.TooManySteps, anarchy.Offer(0, 0, steps: 50, delta: 1, effectiveSteps: 51));
        Assert.Equal(ArrivalVerdict.NoSteps, anarchy.Offer(0, 0, steps: 50, delta: 1, effectiveSteps: 1e-9));
        Assert.Equal(ArrivalVerdict.Buffered, anarchy.Offer(0, 0, steps: 50, delta: 1));
    }

    [Theory]
    [InlineData("afa-cd", 1)]
    [InlineData("afa-cs", 1)]
    [InlineData("fedbuff", 10)]
    [InlineData("fedasync", 10)]
    public void Offer_ClaimedStepsTooFew_IsClipped(string algorithm, double expected)
    {
        // Ten steps' work that claims to be one would move the model ten times as far; where nothing is divided, the claim does nothing.
        var clients = new[] { SmallAnarchy.Three[0] };
        SmallAnarchy clipped = Anarchy(Job(algorithm, ("clip", expected)) with { ServerOptimizer = new() }, clients);

        clipped.Offer(0, 0, steps: 1, delta: 40);
        if (clipped.Server.CanFlush)
        {
            clipped.Advance();
        }

        Assert.Equal(algorithm == "fedasync" ? 0.6 * expected : expected, clipped.X, 1e-5);
    }

    [Theory]
    [InlineData(0, ArrivalVerdict.TooStale, 0)]
    [InlineData(1, ArrivalVerdict.Buffered, 1)]
    [InlineData(2, ArrivalVerdict.Buffered, 0.75)]
    public void Offer_StalerThanAllowed_FollowsThePolicy(double policy, ArrivalVerdict expected, double moved)
    {
        SmallAnarchy anarchy = Anarchy("afa-cd", ("buffer", 1), ("maxStaleness", 2), ("stalePolicy", policy));
        Move(anarchy, versions: 3);
        double before = anarchy.X;

        Assert.Equal(expected, anarchy.Offer(0, 0, 1, delta: 1));
        Assert.Equal(moved, anarchy.X - before, 1e-6);

        // The bound itself passes under every policy.
        Assert.Equal(ArrivalVerdict.Buffered, anarchy.Offer(0, anarchy.Server.Version - 2, 1, delta: 1));
    }

    [Fact]
    public void Offer_TooStale_LeavesTheMemoryAsItWas()
    {
        SmallAnarchy anarchy = Anarchy("afa-cs", ("buffer", 1), ("maxStaleness", 1), ("absent", 2));
        anarchy.Offer(0, 0, 1, delta: 2);
        Move(anarchy, versions: 2, client: 1);
        byte[] before = anarchy.Server.SaveState();

        Assert.Equal(ArrivalVerdict.TooStale, anarchy.Offer(0, 0, 1, delta: 9));

        Assert.Equal(before, anarchy.Server.SaveState());
    }

    [Theory]
    [InlineData("afa-cd")]
    [InlineData("fedasync")]
    public void Offer_VersionOfTheFutureOrBelowZero_IsRefused(string algorithm)
    {
        SmallAnarchy anarchy = Anarchy(algorithm);

        Assert.Equal(ArrivalVerdict.VersionUnknown, anarchy.Offer(0, 1, 1, delta: 1));
        Assert.Equal(ArrivalVerdict.VersionUnknown, anarchy.Offer(0, -1, 1, delta: 1));
    }

    [Fact]
    public void Offer_SameIdInOneBuffer_CountsOnce()
    {
        SmallAnarchy anarchy = Anarchy("afa-cd", ("buffer", 2), ("repeats", 1));

        Assert.Equal(ArrivalVerdict.Buffered, anarchy.Offer(0, 0, 1, delta: 1, id: "one"));
        Assert.Equal(ArrivalVerdict.Duplicate, anarchy.Offer(0, 0, 1, delta: 1, id: "one"));

        Assert.Equal(1, anarchy.Server.Buffered);
    }

    [Fact]
    public void Offer_SameIdAfterARestart_IsStillADuplicate()
    {
        SmallAnarchy anarchy = Anarchy("fedbuff", ("buffer", 1));
        anarchy.Offer(0, 0, 1, delta: 1, id: "counted");

        anarchy.Restart();

        Assert.Equal(ArrivalVerdict.Duplicate, anarchy.Offer(0, 0, 1, delta: 1, id: "counted"));
    }

    [Fact]
    public void Offer_IdBeyondTheStalenessBound_IsForgotten()
    {
        SmallAnarchy anarchy = Anarchy("afa-cd", ("buffer", 1), ("maxStaleness", 5));
        anarchy.Offer(0, 0, 1, delta: 1, id: "old");
        int first = anarchy.Server.SaveState().Length;
        Move(anarchy, versions: 100);

        // Six versions' ids of the same length remain, however many there were.
        Assert.InRange(anarchy.Server.SaveState().Length, first, first + 200);
        Assert.Equal(ArrivalVerdict.TooStale, anarchy.Offer(0, 0, 1, delta: 1, id: "old"));
    }

    [Theory]
    [InlineData("afa-cd")]
    [InlineData("afa-cs")]
    public void Offer_SameWorkerTwice_KeepsTheLatestAndCountsOnce(string algorithm)
    {
        SmallAnarchy anarchy = Anarchy(algorithm, algorithm == "afa-cs" ? [("buffer", 2), ("absent", 2)] : [("buffer", 2)]);
        Fill(anarchy, delta: 0);
        Assert.Equal(ArrivalVerdict.Buffered, anarchy.Offer(0, 0, 1, delta: 5, id: "older"));
        Assert.Equal(ArrivalVerdict.Buffered, anarchy.Offer(0, 1, 1, delta: 1, id: "newer"));
        Assert.Equal(ArrivalVerdict.Superseded, anarchy.Offer(0, 0, 1, delta: 7, id: "oldest"));
        Assert.Equal(1, anarchy.Server.Buffered);
        double before = anarchy.X;

        anarchy.Offer(1, 1, 1, delta: 1, id: "other");

        Assert.Equal(["newer", "other"], anarchy.Last!.Counted.Select(arrival => arrival.Id));
        Assert.Equal(["older"], anarchy.Last.Discarded);
        Assert.Equal(1, anarchy.X - before, 1e-6);
        Assert.Equal(ArrivalVerdict.Duplicate, anarchy.Offer(0, 0, 1, delta: 7, id: "oldest"));
    }

    [Fact]
    public void Offer_SameWorkerTwiceWithRepeats_CountsBoth()
    {
        SmallAnarchy anarchy = Anarchy("afa-cd", ("buffer", 2), ("repeats", 1));

        anarchy.Offer(0, 0, 1, delta: 1);
        anarchy.Offer(0, 0, 1, delta: 3);

        Assert.Equal(2, anarchy.X, 1e-6);
        Assert.Equal(2, anarchy.Last!.Counted.Count);
    }

    [Fact]
    public void Offer_OlderThanTheMemory_IsSuperseded()
    {
        SmallAnarchy anarchy = Anarchy("afa-cs", ("buffer", 1), ("absent", 2));
        Move(anarchy, versions: 2, client: 1);
        anarchy.Offer(0, 2, 1, delta: 1);
        byte[] before = anarchy.Server.SaveState();
        double x = anarchy.X;

        Assert.Equal(ArrivalVerdict.Superseded, anarchy.Offer(0, 1, 1, delta: 9));

        Assert.Equal((3L, x), (anarchy.Server.Version, anarchy.X));
        Assert.Equal(before.Length, anarchy.Server.SaveState().Length - "3 push-4\n".Length);
    }

    [Fact]
    public void AfaCs_SeenMean_DividesByThoseSeen()
    {
        SmallAnarchy anarchy = Anarchy("afa-cs", ("buffer", 1), ("absent", 2));

        anarchy.Offer(0, 0, 1, delta: 3);

        Assert.Equal(3, anarchy.X, 1e-6);
    }

    [Fact]
    public void AfaCs_Wait_SaysWhomItWaitsFor()
    {
        SmallAnarchy anarchy = Anarchy("afa-cs", ("buffer", 2));

        Fill(anarchy, delta: 1);

        Assert.Contains("2 of 3", anarchy.Last!.Unmoved, StringComparison.Ordinal);
        Assert.Equal((0.0, 0.0, 1L), (anarchy.X, anarchy.Last.StepNorm, anarchy.Server.Version));
    }

    [Fact]
    public void Leave_WorkerOfTheMemory_IsTakenOutAndTheMeanIsRenormalised()
    {
        SmallAnarchy anarchy = Anarchy("afa-cs", ("buffer", 3));
        anarchy.Offer(0, 0, 1, delta: 1);
        anarchy.Offer(1, 0, 1, delta: 2);
        anarchy.Offer(2, 0, 1, delta: 9);
        Assert.Equal(4, anarchy.X, 1e-6);

        anarchy.Server.Leave(2);
        anarchy.Server.Leave(2);

        // Two remain, and two are enough for a version.
        anarchy.Offer(0, 1, 1, delta: 1);
        anarchy.Offer(1, 1, 1, delta: 2);
        Assert.Equal(5.5, anarchy.X, 1e-6);
    }

    [Fact]
    public void Leave_WorkerThatWasNeverSeen_IsWaitedForNoMore()
    {
        SmallAnarchy anarchy = Anarchy("afa-cs", ("buffer", 2));
        anarchy.Server.Leave(2);

        Fill(anarchy, delta: 1);

        Assert.Equal(1, anarchy.X, 1e-6);
    }

    [Fact]
    public void Leave_WorkerOfTheBuffer_IsDiscarded()
    {
        SmallAnarchy anarchy = Anarchy("afa-cs", ("buffer", 3), ("absent", 2));
        anarchy.Offer(0, 0, 1, delta: 9, id: "gone");

        anarchy.Server.Leave(0);
        Fill(anarchy, delta: 1, first: 1);

        Assert.Equal(["gone"], anarchy.Last!.Discarded);
        Assert.Equal(1, anarchy.X, 1e-6);
    }

    [Fact]
    public void Offer_WorkerBeyondThePopulation_JoinsWithItsFirstUpdate()
    {
        SmallAnarchy anarchy = Anarchy("afa-cs", ("buffer", 1), ("absent", 2));
        Move(anarchy, versions: 1);
        anarchy.Offer(1, 1, 1, delta: 1);
        anarchy.Offer(2, 2, 1, delta: 1);
        double before = anarchy.X;

        anarchy.Offer(3, 3, 1, delta: 5);

        // Four workers by now: 0, 1, 1 and 5.
        Assert.Equal(1.75, anarchy.X - before, 1e-6);
        Assert.Null(anarchy.Last!.Unmoved);
    }

    [Fact]
    public void Advance_BelowTheGoal_NeedsTheFlushMinimum()
    {
        SmallAnarchy anarchy = Anarchy("afa-cd", ("buffer", 3), ("flushSeconds", 60), ("flushMinimum", 2));
        anarchy.Offer(0, 0, 1, delta: 1);
        Assert.False(anarchy.Server.CanFlush);
        Assert.Throws<InvalidOperationException>(() => anarchy.Advance());
        anarchy.Offer(1, 0, 1, delta: 3);

        AdvanceResult result = anarchy.Advance();

        Assert.Equal(TimeSpan.FromSeconds(60), anarchy.Server.FlushAfter);
        Assert.Equal(2, result.Counted.Count);
        Assert.Equal(2, anarchy.X, 1e-6);
    }

    [Fact]
    public void Offer_BeforeTheDueAdvance_IsABug()
    {
        SmallAnarchy anarchy = Anarchy("afa-cd", ("buffer", 1));
        Offer(anarchy.Server, 0);

        Assert.Throws<InvalidOperationException>(() => Offer(anarchy.Server, 1));
    }

    [Theory]
    [InlineData("afa-cd", float.NaN)]
    [InlineData("afa-cs", float.PositiveInfinity)]
    [InlineData("fedbuff", float.NegativeInfinity)]
    [InlineData("fedasync", float.NaN)]
    public void Offer_NotFinite_IsRefused(string algorithm, float delta) =>
        Assert.Equal(ArrivalVerdict.NotFinite, Anarchy(algorithm).Offer(0, 0, 1, delta));

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Offer_NoExamplesWhereTheyWeigh_IsRefused(double examples)
    {
        SmallAnarchy anarchy = Anarchy(Job("fedbuff") with { Aggregation = new() });

        Assert.Equal(ArrivalVerdict.NoExamples, anarchy.Offer(0, 0, 1, delta: 1, examples: examples));
    }

    [Fact]
    public void Offer_Momentum_DividesByTheEffectiveSteps()
    {
        JobDefinition job = Job("afa-cd", ("buffer", 1));
        SmallAnarchy anarchy = Anarchy(job with { Local = job.Local with { Momentum = 0.5 } }, new SlopeObjective(-1));

        // m = 1, 1.5, 1.75: the difference of three steps is 0.1 (1 + 1.5 + 1.75), and that divided by ||a|| = 4.25 is one gradient at the rate.
        anarchy.Push(0, 0, steps: 3);

        Assert.Equal(0.1, anarchy.X, 1e-6);
    }

    [Fact]
    public void Offer_OtherOptimizer_DividesByWhatTheWorkerSays()
    {
        SmallAnarchy anarchy = Anarchy("afa-cd", ("buffer", 1));

        anarchy.Offer(0, 0, steps: 3, delta: 9, effectiveSteps: 4.5);

        Assert.Equal(2, anarchy.X, 1e-6);
    }

    [Fact]
    public void Validate_MemoryBeyondTheBudget_NamesTheNumbersAndAnotherAlgorithm()
    {
        JobDefinition job = Job("afa-cs", ("buffer", 1), ("memoryMegabytes", 0.001)) with { Round = new() { Population = 251 } };

        JobDefinitionError error = Assert.Single(AnarchicAlgorithms.BuiltIn.Validate(job, SmallFederation.Schema));

        Assert.Contains("251 workers", error.Message, StringComparison.Ordinal);
        Assert.Contains("0.001 MB hold 250", error.Message, StringComparison.Ordinal);
        Assert.Contains("afa-cd", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2_592_000, true)]
    [InlineData(2_592_001, false)]
    [InlineData(1e300, false)]
    public void Validate_FlushTime_IsAtMostAMonth(double seconds, bool isAllowed)
    {
        IReadOnlyList<JobDefinitionError> errors = AnarchicAlgorithms.BuiltIn.Validate(Job("afa-cd", ("buffer", 1), ("flushSeconds", seconds)));

        Assert.Equal(isAllowed ? [] : ["algorithm.parameters.flushSeconds"], errors.Select(error => error.Path));
    }

    [Fact]
    public void Validate_MemoryLargerThanAState_IsRefusedWithinTheBudget()
    {
        // 1,800 MB of workers and their sum are more than one array of bytes.
        var schema = new ModelSchema([new TensorSpec("x", [50_000_000L])]);
        JobDefinition job = Job("afa-cs", ("buffer", 1), ("memoryMegabytes", 1900));

        Assert.Empty(AnarchicAlgorithms.BuiltIn.Validate(job with { Round = new() { Population = 5 } }, schema));
        Assert.Contains(
            "one state of the server holds 5", Assert.Single(AnarchicAlgorithms.BuiltIn.Validate(job with { Round = new() { Population = 9 } }, schema)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Offer_WorkerBeyondTheBudget_IsRefused()
    {
        SmallAnarchy anarchy = Anarchy(Job("afa-cs", ("buffer", 2), ("absent", 2), ("memoryMegabytes", 12e-6)));
        anarchy.Offer(0, 0, 1, delta: 1);
        anarchy.Offer(1, 0, 1, delta: 1);
        anarchy.Offer(2, 0, 1, delta: 1);

        Assert.Equal(ArrivalVerdict.MemoryFull, anarchy.Offer(3, 0, 1, delta: 1));
        Assert.Equal(ArrivalVerdict.Buffered, anarchy.Offer(0, 1, 1, delta: 1));
    }

    private static SmallAnarchy Anarchy(string algorithm, params (string Name, double Value)[] parameters) => Anarchy(Job(algorithm, parameters));

    private static SmallAnarchy Anarchy(JobDefinition job, params IObjective[] clients) =>
        new(job, 0, clients.Length > 0 ? clients : SmallAnarchy.Three);

    private static JobDefinition Job(string algorithm, params (string Name, double Value)[] parameters) =>
        algorithm is "fedasync" || parameters.Any(parameter => parameter.Name == "buffer")
            ? SmallAnarchy.Job(algorithm, 0.1, 1, parameters)
            : SmallAnarchy.Job(algorithm, 0.1, 1, [("buffer", 1), .. parameters]);

    private static void Offer(IAnarchicAlgorithm server, uint client) =>
        server.Offer(new AnarchicUpdate { Id = $"{client}", ClientIndex = client, PulledVersion = 0, Steps = 1, Delta = [1f] });

    /// <summary>Makes versions that leave the model where it is.</summary>
    private static void Move(SmallAnarchy anarchy, int versions, uint client = 0)
    {
        for (int i = 0; i < versions; i++)
        {
            anarchy.Offer(client, anarchy.Server.Version, 1, delta: 0);
        }
    }

    /// <summary>Two workers push from the present version.</summary>
    private static void Fill(SmallAnarchy anarchy, float delta, uint first = 0)
    {
        anarchy.Offer(first, anarchy.Server.Version, 1, delta);
        anarchy.Offer(first + 1, anarchy.Server.Version, 1, delta);
    }
}
