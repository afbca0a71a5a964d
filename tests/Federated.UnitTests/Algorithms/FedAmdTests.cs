using Federated.Client.Algorithms;
using Federated.Client.Algorithms.FedAmd;
using Federated.Client.Training;
using Federated.Coordination.Algorithms;
using Federated.Coordination.Algorithms.FedAmd;
using Federated.Numerics;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.UnitTests.Algorithms;

/// <summary>
/// FedAMD on quadratics, where its path is known: x* = Σh·c / Σh. The vectors of the platform are float32, so bounds are those of float32.
/// </summary>
public sealed class FedAmdTests
{
    private const string Anchor = FedAmdServer.Anchor;
    private const string Miner = FedAmdServer.Miner;

    private static readonly (double H, double C)[] Three = [(1, 3), (2, 0), (4, -1)];

    public static TheoryData<double> Holders => [0, 1];

    [Theory]
    [InlineData(1, 2, 0.51585)]
    [InlineData(3, -1, 0.37995)]
    public void Miner_FourSteps_FollowsTheClosedForm(double h, double c, double expected)
    {
        // The other client makes the mean of the bullseyes at x = 0.5 equal to 1.5.
        double own = h * (0.5 - c);
        var federation = new SmallFederation(Job(steps: 4), x0: 0.5, new QuadraticObjective((h, c)), new QuadraticObjective((1, 0.5 - (3 - own))));
        federation.RunRound();
        Assert.Equal(1.5, federation.Server.DownSections(Miner)[0].Values.Span[0], 1e-6);

        float delta = federation.UpdateOf(0, Miner).Floats(SectionRole.Delta)[0];

        Assert.Equal(expected, -delta, 1e-6);
    }

    [Fact]
    public void FixedPoint_AnyRolesAndBatches_DoesNotMoveAtAll()
    {
        // Gradients at 1 are -2, 3 and -1; single examples differ in curvature only.
        QuadraticObjective[] clients = [new((1.5, 3), (0.5, 3)), new((2.5, -0.5), (1.5, -0.5)), new((0.75, 3), (0.25, 3))];
        JobDefinition job = Job(steps: 5, parameters: ("probability", 0.5));
        job = job with { Local = job.Local with { BatchSize = 1 } };
        var federation = new SmallFederation(job, x0: 1, clients);
        var plain = new SmallFederation(job with { Algorithm = new AlgorithmSettings { Name = "fedavg" } }, x0: 1, clients);

        for (int round = 0; round < 30; round++)
        {
            federation.RunRound(round % 2 == 0 ? [0, 1, 2] : [0, 2]);
            plain.RunRound();
        }

        Assert.Equal(1.0, federation.X);
        Assert.True(Math.Abs(plain.X - 1) > 1e-3, $"FedAvg stayed at {plain.X}.");
    }

    [Fact]
    public void Miners_OneStep_AllSendTheSame()
    {
        SmallFederation federation = Federation(Job(steps: 1), x0: 1);
        federation.RunRound();

        float[] deltas = [.. Enumerable.Range(0, 3).Select(client => federation.UpdateOf((uint)client, Miner).Floats(SectionRole.Delta)[0])];

        Assert.All(deltas, delta => Assert.Equal(-0.1 * 8 / 3, delta, 1e-6));
        Assert.Single(deltas.Distinct());
    }

    [Fact]
    public void PeriodTwo_FullParticipationOneStep_IsGradientDescentOfEverySecondRound()
    {
        SmallFederation federation = Federation(Job(steps: 1, parameters: ("period", 2)), x0: 1);
        double x = 1;
        for (int i = 0; i < 10; i++)
        {
            federation.RunRound();
            Assert.All(federation.Roles.Values, role => Assert.Equal(Anchor, role));
            Assert.Equal(x, federation.X, 1e-6);

            federation.RunRound();
            Assert.All(federation.Roles.Values, role => Assert.Equal(Miner, role));
            x -= 0.1 * Three.Average(f => f.H * (x - f.C));
            Assert.Equal(x, federation.X, 1e-6);
        }
    }

    [Fact]
    public void ProbabilityOne_NeverMovesTheModel()
    {
        SmallFederation federation = Federation(Job(steps: 3), x0: 1);
        federation.Server = new FedAmdServer(Populated(Job(steps: 3)), SmallFederation.Schema, new AnchorSchedule.Constant(1));

        for (int round = 0; round < 20; round++)
        {
            federation.RunRound();
        }

        Assert.Equal(1.0, federation.X);
    }

    [Fact]
    public void ProbabilityZero_DriftsAwayInALine()
    {
        (SmallFederation federation, double optimum) = Ten(Job(steps: 5, rate: 0.02), new AnchorSchedule.Constant(0));
        double start = Math.Abs(federation.X - optimum), early = 0;
        var random = new CounterRandom(5, RandomPurpose.Test);
        federation.RunRound();
        for (int round = 0; round < 3000; round++)
        {
            federation.RunRound(Cohort(random));
            early = round == 299 ? Math.Abs(federation.X - optimum) : early;
        }

        double late = Math.Abs(federation.X - optimum);
        Assert.True(early > 2 * start, $"{start} became {early}");
        Assert.InRange(late / early, 8, 12);
    }

    [Theory]
    [MemberData(nameof(Holders))]
    public void ReferenceTrace_OfFourRounds(double serverHeld)
    {
        uint[][] cohorts = [[0, 1], [1, 2], [0, 2], [0, 1, 2]];
        uint[][] anchors = [[0], [], [0, 2], [1]];
        double[] x = [0.52, 0.066666666667, 0.066666666667, -0.127777777778];
        double[] means = [8 / 3.0, 8 / 3.0, (-2.933333333333 + 2 + 4.266666666667) / 3, (-2.933333333333 + 0.133333333333 + 4.266666666667) / 3];
        ulong seed = Enumerable.Range(1, 100_000).Select(i => (ulong)i).First(seed => Anchors(seed).Zip(anchors).All(pair => pair.First.SequenceEqual(pair.Second)));
        SmallFederation federation = Federation(Job(2, parameters: [("probability", 0.5), ("serverHeld", serverHeld)]) with { Seed = seed }, x0: 1);
        federation.RunRound();
        Assert.Equal(8 / 3.0, federation.Server.DownSections(Miner)[0].Values.Span[0], 1e-6);

        for (int t = 0; t < 4; t++)
        {
            federation.RunRound(cohorts[t]);

            Assert.Equal(anchors[t], federation.Roles.Where(role => role.Value == Anchor).Select(role => role.Key));
            Assert.Equal(x[t], federation.X, 1e-6);
            Assert.Equal(means[t], federation.Server.DownSections(Miner)[0].Values.Span[0], 1e-6);
        }

        // Round 1 is the warm-up; the coins of the trace are those of rounds 2 to 5.
        IEnumerable<uint[]> Anchors(ulong seed) => cohorts.Select((cohort, t) => cohort
            .Where(client => new CounterRandom(seed, RandomPurpose.Roles, client, (uint)(t + 2)).NextDouble() < 0.5).ToArray());
    }

    [Theory]
    [InlineData("probability", 0.1)]
    [InlineData("probability", 0.3)]
    [InlineData("probability", 0.5)]
    [InlineData("probability", 0.8)]
    [InlineData("period", 2)]
    [InlineData("period", 4)]
    [InlineData("rule", 1)]
    [InlineData("rule", 2)]
    public void ThreeThousandRounds_ReachTheOptimumWhereFedAvgStalls(string parameter, double value)
    {
        (SmallFederation federation, double optimum) = Ten(Job(steps: 5, rate: 0.02, parameters: (parameter, value)));
        (SmallFederation plain, _) = Ten(Job(steps: 5, rate: 0.02) with { Algorithm = new AlgorithmSettings { Name = "fedavg" } });
        var random = new CounterRandom(5, RandomPurpose.Test);
        double stall = 0;
        federation.RunRound();
        for (int round = 0; round < 3000; round++)
        {
            uint[] cohort = Cohort(random);
            federation.RunRound(cohort);
            plain.RunRound(cohort);
            stall += round >= 2000 ? Math.Abs(plain.X - optimum) / 1000 : 0;
        }

        Assert.Equal(optimum, federation.X, 1e-6);
        Assert.True(stall > 0.05, $"FedAvg is {stall} away on average.");
    }

    [Fact]
    public void RoleOf_ManyRounds_FollowsTheBinomial()
    {
        const double P = 0.5;
        SmallFederation federation = Federation(Job(2, parameters: ("probability", P)), x0: 1);
        federation.RunRound();
        int anchors = 0, still = 0;
        const int Rounds = 20_000;
        for (int round = 2; round < 2 + Rounds; round++)
        {
            var key = new RoundKey("default", "job", round, TaskKind.Train);
            int inRound = Enumerable.Range(0, 3).Count(client => federation.Server.RoleOf(key, (uint)client) == Anchor);
            anchors += inRound;
            still += inRound == 3 ? 1 : 0;
        }

        Assert.Equal(P, anchors / (3.0 * Rounds), 0.01);
        Assert.Equal(P * P * P, (double)still / Rounds, 0.01);
    }

    [Fact]
    public void ServerHeldAndClientHeld_GiveTheSameModels()
    {
        (SmallFederation there, _) = Ten(Job(steps: 5, rate: 0.02, parameters: [("probability", 0.4), ("serverHeld", 1)]));
        (SmallFederation here, _) = Ten(Job(steps: 5, rate: 0.02, parameters: ("probability", 0.4)));
        var random = new CounterRandom(6, RandomPurpose.Test);
        there.RunRound();
        here.RunRound();
        for (int round = 0; round < 300; round++)
        {
            uint[] cohort = Cohort(random);
            there.RunRound(cohort);
            here.RunRound(cohort);
            Assert.Equal(there.X, here.X, 5e-7);
        }
    }

    [Theory]
    [MemberData(nameof(Holders))]
    public void Cohort_InAnyOrder_GivesTheSameModel(double serverHeld)
    {
        (string, double)[] parameters = [("probability", 0.5), ("serverHeld", serverHeld)];
        SmallFederation forward = Federation(Job(3, parameters: parameters), x0: 1), backward = Federation(Job(3, parameters: parameters), x0: 1);
        for (int round = 0; round < 20; round++)
        {
            forward.RunRound([0, 1, 2]);
            backward.RunRound([2, 1, 0]);
            Assert.Equal(forward.X, backward.X);
        }
    }

    [Theory]
    [MemberData(nameof(Holders))]
    public void Restart_InTheMiddle_GoesOnBitForBit(double serverHeld)
    {
        (string, double)[] parameters = [("probability", 0.5), ("serverHeld", serverHeld)];
        SmallFederation whole = Federation(Job(3, parameters: parameters), x0: 1), restarted = Federation(Job(3, parameters: parameters), x0: 1);
        for (int round = 0; round < 20; round++)
        {
            whole.RunRound([0, 1, 2]);
            restarted.RunRound([0, 1, 2]);
            restarted.Restart();
            Assert.Equal(whole.X, restarted.X);
            Assert.Equal(whole.Server.DownSections(Miner)[0].Values.ToArray(), restarted.Server.DownSections(Miner)[0].Values.ToArray());
        }
    }

    [Theory]
    [MemberData(nameof(Holders))]
    public void Lazy_NewcomersAreAnchorsAndTheMeanIsOfThoseSeen(double serverHeld)
    {
        SmallFederation federation = Federation(Job(2, parameters: [("lazy", 1), ("period", 1000), ("serverHeld", serverHeld)]), x0: 1);
        var key = new RoundKey("default", "job", 1, TaskKind.Train);
        Assert.Equal(0, federation.Server.CohortSize(key));

        federation.RunRound([0, 1]);
        Assert.Equal([Anchor, Anchor], federation.Roles.Values);
        Assert.Equal(1, federation.X);
        Assert.Equal(0, federation.Server.DownSections(Miner)[0].Values.Span[0], 1e-6);

        federation.RunRound([0, 2]);
        Assert.Equal((Miner, Anchor), (federation.Roles[0], federation.Roles[2]));
        Assert.Equal((-2 + 2 + 8) / 3.0, federation.Server.DownSections(Miner)[0].Values.Span[0], 1e-6);
        Assert.Equal(3, ((FedAmdServer)federation.Server).Seen);
    }

    [Fact]
    public void WarmUp_IsOfEverybodyOnce()
    {
        SmallFederation federation = Federation(Job(2), x0: 1);
        var key = new RoundKey("default", "job", 1, TaskKind.Train);

        Assert.Equal(3, federation.Server.CohortSize(key));
        federation.RunRound();

        Assert.Equal(0, federation.Server.CohortSize(key with { Round = 2 }));
        Assert.Equal(1, federation.X);
    }

    [Theory]
    [MemberData(nameof(Holders))]
    public void DropOuts_LeaveTheOthersMeanAndTheirOwnBullseye(double serverHeld)
    {
        SmallFederation federation = Federation(Job(2, parameters: [("period", 2), ("serverHeld", serverHeld)]), x0: 1);
        federation.RunRound();

        federation.RunRound([0, 1, 2], vanish: [2]);

        double vbar = 8 / 3.0;
        double expected = Three[..2].Average(f => 0.1 * vbar * (1 + (1 - (0.1 * f.H))));
        Assert.Equal(1 - expected, federation.X, 1e-6);
        double x = federation.X;

        federation.RunRound([0, 1, 2], vanish: [2]);

        Assert.Equal(x, federation.X);
        Assert.Equal((Three[0].H * (x - 3) + (Three[1].H * x) + 8) / 3, federation.Server.DownSections(Miner)[0].Values.Span[0], 1e-6);
    }

    [Fact]
    public void ClientHeld_DeviceLosesItsBullseye_EverybodyStartsOver()
    {
        SmallFederation federation = Federation(Job(2, parameters: ("period", 2)), x0: 1);
        federation.RunRound();
        federation.RunRound();
        federation.Forget(1);

        federation.RunRound();
        Assert.Equal(0, ((FedAmdServer)federation.Server).Seen);
        double x = federation.X;

        federation.RunRound();
        Assert.All(federation.Roles.Values, role => Assert.Equal(Anchor, role));
        Assert.Equal(Three.Average(f => f.H * (x - f.C)), federation.Server.DownSections(Miner)[0].Values.Span[0], 1e-6);
    }

    [Fact]
    public void ClientHeld_MinerWithoutABullseye_DoesNotInventOne()
    {
        SmallFederation federation = Federation(Job(2, parameters: ("period", 2)), x0: 1);
        federation.RunRound();
        federation.Forget(1);
        federation.RunRound();
        Assert.Equal(Miner, federation.Roles[1]);

        federation.RunRound();

        Assert.Equal(0, ((FedAmdServer)federation.Server).Seen);
    }

    [Fact]
    public void BeginEpoch_Higher_StartsOver()
    {
        SmallFederation federation = Federation(Job(2), x0: 1);
        federation.RunRound();

        federation.Server.BeginEpoch(1);

        Assert.Equal(0, ((FedAmdServer)federation.Server).Seen);
        Assert.Equal(3, federation.Server.CohortSize(new RoundKey("default", "job", 2, TaskKind.Train)));
    }

    [Fact]
    public void ServerHeld_BeyondItsBound_SaysWhatToDo()
    {
        SmallFederation federation = Federation(Job(2, parameters: [("serverHeld", 1), ("cacheMegabytes", 8.0 / (1 << 20))]), x0: 1);

        string message = Assert.Throws<InvalidOperationException>(federation.RunRound).Message;

        Assert.Contains("cacheMegabytes", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 3, false)]
    [InlineData(1, 2, true)]
    [InlineData(0, 2, false)]
    public void Validate_ServerHeldBeyondItsBudget_IsRefusedBeforeItBegins(double serverHeld, int floats, bool isRefused)
    {
        JobDefinition job = Populated(Job(2, parameters: [("serverHeld", serverHeld), ("cacheMegabytes", 4.0 * floats / (1 << 20))]));

        IReadOnlyList<JobDefinitionError> errors = ServerAlgorithms.BuiltIn.Validate(job, SmallFederation.Schema);

        Assert.Equal(isRefused ? ["algorithm.parameters.cacheMegabytes"] : [], errors.Select(error => error.Path));
    }

    [Fact]
    public void ServerHeld_NewcomerBeyondItsBound_TakesThePlaceOfTheOldest()
    {
        // Room for two of three; nobody has said how many there are.
        SmallFederation federation = Federation(Job(2, parameters: [("serverHeld", 1), ("lazy", 1), ("period", 1000), ("cacheMegabytes", 8.0 / (1 << 20))]), x0: 1);
        federation.RunRound([0]);
        federation.RunRound([1]);

        federation.RunRound([2]);

        Assert.Equal(2, ((FedAmdServer)federation.Server).Seen);
        Assert.Equal((2 + 8) / 2.0, federation.Server.DownSections(Miner)[0].Values.Span[0], 1e-6);
        var key = new RoundKey("default", "job", 4, TaskKind.Train);
        Assert.Equal([Anchor, Miner, Miner], Enumerable.Range(0, 3).Select(client => federation.Server.RoleOf(key, (uint)client)));
        federation.Restart();
        Assert.Equal((2 + 8) / 2.0, federation.Server.DownSections(Miner)[0].Values.Span[0], 1e-6);
    }

    [Fact]
    public void Validate_ServerHeldLargerThanAState_IsRefusedWhateverTheCache()
    {
        var schema = new ModelSchema([new TensorSpec("x", [50_000_000L])]);
        JobDefinition job = Job(2, parameters: [("serverHeld", 1), ("cacheMegabytes", 8000)]);
        JobDefinition Of(int clients) => job with { Round = job.Round with { Population = clients } };

        Assert.Empty(ServerAlgorithms.BuiltIn.Validate(Of(5), schema));
        Assert.Contains("one state of the server holds those of 5", Assert.Single(ServerAlgorithms.BuiltIn.Validate(Of(10), schema)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 0, 1)]
    [InlineData(0, 4, 3)]
    [InlineData(6, 4, 2)]
    [InlineData(100, 0, 1)]
    public void Anchor_LargeBatch_IsTakenInPasses(int largeBatch, int passSize, int passes)
    {
        (double, double)[] examples = [.. Enumerable.Range(0, 10).Select(i => (1.0 + i, 0.5 * i))];
        var objective = new QuadraticObjective(examples);
        var federation = new SmallFederation(Job(2, parameters: [("largeBatch", largeBatch), ("passSize", passSize)]), x0: 1, objective);

        float gradient = federation.UpdateOf(0, Anchor).Floats(SectionRole.Gradient)[0];

        Assert.Equal(passes, objective.Gradients);
        if (largeBatch is 0 or 100)
        {
            Assert.Equal(examples.Average(e => e.Item1 * (1 - e.Item2)), gradient, 1e-5);
        }
    }

    [Fact]
    public void Anchor_ToldToStop_EndsAfterThePassAndHasNothingToSend()
    {
        using var stop = new CancellationTokenSource();
        var objective = new QuadraticObjective([.. Enumerable.Range(0, 10).Select(i => (1.0 + i, 0.5 * i))]) { AfterGradient = stop.Cancel };
        var settings = new LocalTraining { LearningRate = 0.1, Steps = 1, Parameters = { ["passSize"] = 4 } };
        var client = new FedAmdClient();
        var update = new ClientUpdate(client.Sections(SmallFederation.Schema, settings, Anchor), new byte[1024], new float[client.StateLength(SmallFederation.Schema, settings)]);
        var task = new ClientTask { Schema = SmallFederation.Schema, Parameters = new float[1], Settings = settings, Role = Anchor, Round = 1 };

        ClientOutcome outcome = client.Run(task, new SgdSolver(objective), update, stop.Token);

        Assert.Equal((ClientOutcome.Nothing, 1), (outcome, objective.Gradients));
    }

    [Theory]
    [InlineData("probability", 0)]
    [InlineData("probability", 1)]
    [InlineData("period", 1)]
    [InlineData("period", 2.5)]
    [InlineData("rule", 3)]
    public void Validate_UselessSchedule_IsRefused(string parameter, double value)
    {
        JobDefinitionError error = Assert.Single(ServerAlgorithms.BuiltIn.Validate(Populated(Job(2, parameters: (parameter, value)))));

        Assert.Equal($"algorithm.parameters.{parameter}", error.Path);
    }

    [Fact]
    public void Validate_TwoSchedulesOrMomentum_IsRefused()
    {
        JobDefinition job = Populated(Job(2, parameters: [("period", 2), ("probability", 0.2)]));
        job = job with { Local = job.Local with { Momentum = 0.9 } };

        Assert.Equal(["local.momentum", "algorithm.parameters"], ServerAlgorithms.BuiltIn.Validate(job).Select(error => error.Path));
    }

    [Theory]
    [InlineData("topk:0.1+ef21", 0, true)]
    [InlineData("topk:0.1+ef21", 1, false)]
    [InlineData("topk:0.1", 0, false)]
    public void Validate_FeedbackBesideBullseyesOnDevices_IsRefused(string up, double serverHeld, bool isRefused)
    {
        JobDefinition job = Populated(Job(2, parameters: ("serverHeld", serverHeld))) with { Compression = new CompressionSettings { Up = up } };

        string[] expected = isRefused ? ["compression.up"] : [];
        Assert.Equal(expected, ServerAlgorithms.BuiltIn.Validate(job).Select(error => error.Path));
    }

    [Theory]
    [InlineData(20, 10, 0.8106, 0.8360, 6.407, 6.442)]
    [InlineData(100, 20, 0.8802, 0.8870, 12.916, 12.924)]
    [InlineData(100, 10, 0.8299, 0.8360, 27.400, 27.408)]
    [InlineData(100, 40, 0.9197, 0.9267, 6.571, 6.579)]
    [InlineData(10, 1, 0.6435, 0.6667, 54.859, 54.962)]
    public void OptimalProbability_OfBothRules(int population, int cohort, double exact, double simple, double least, double near)
    {
        Assert.Equal(exact, OptimalProbability.Exact(population, cohort), 1e-4);
        Assert.Equal(simple, OptimalProbability.Simple(cohort), 1e-4);
        Assert.Equal(least, OptimalProbability.Complexity(OptimalProbability.Exact(population, cohort), population, cohort), 1e-3);
        Assert.Equal(near, OptimalProbability.Complexity(OptimalProbability.Simple(cohort), population, cohort), 1e-3);
    }

    private static JobDefinition Job(int steps, double rate = 0.1, params (string, double)[] parameters) =>
        SmallFederation.Job("fedamd", steps, rate, parameters) with { Round = new RoundSettings { CohortSize = 3 } };

    private static JobDefinition Populated(JobDefinition job) => job with { Round = job.Round with { Population = 3 } };

    private static SmallFederation Federation(JobDefinition job, double x0) => new(job, x0, [.. Three.Select(f => new QuadraticObjective((f.H, f.C)))]);

    private static (SmallFederation Federation, double Optimum) Ten(JobDefinition job, AnchorSchedule? schedule = null)
    {
        var random = new CounterRandom(4, RandomPurpose.Test);
        (double H, double C)[] problem = [.. Enumerable.Range(0, 10).Select(_ => (0.5 + (2 * random.NextDouble()), (4 * random.NextDouble()) - 2))];
        var federation = new SmallFederation(job, x0: 1, [.. problem.Select(f => new QuadraticObjective((f.H, f.C)))]);
        if (schedule is not null)
        {
            federation.Server = new FedAmdServer(job with { Round = job.Round with { Population = 10 } }, SmallFederation.Schema, schedule);
        }

        return (federation, problem.Sum(f => f.H * f.C) / problem.Sum(f => f.H));
    }

    private static uint[] Cohort(CounterRandom random) => [.. random.Choose(10, 3).Select(client => (uint)client)];
}
