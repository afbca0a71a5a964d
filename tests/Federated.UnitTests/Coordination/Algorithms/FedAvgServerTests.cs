using Federated.Coordination.Algorithms;
using Federated.Coordination.Tier;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Rounds;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;

namespace Federated.UnitTests.Coordination.Algorithms;

public sealed class FedAvgServerTests
{
    private static readonly ModelSchema Schema = new([
        new TensorSpec("w", [2L, 1L]),
        new TensorSpec("b", [1L]),
        new TensorSpec("mean", [2L], TensorPart.Statistic, Trainable: false),
    ]);

    private static readonly RoundKey Round = new("default", "job", 1, TaskKind.Train);

    [Theory]
    [InlineData("sgd")]
    [InlineData("momentum")]
    [InlineData("adam")]
    [InlineData("yogi")]
    [InlineData("adagrad")]
    public void Apply_ThreeRounds_MatchesTheFormulas(string optimizer)
    {
        IServerAlgorithm algorithm = Create(new() { Name = optimizer });
        var model = new ModelContent(Schema, [1, -2, 0.5f]);
        double[] x = [1, -2, 0.5], m = new double[3], v = new double[3];
        float[][] deltas = [[0.5f, -0.25f, 0], [0.125f, 1, -1], [-0.5f, 0.75f, 0.01f]];

        foreach (float[] delta in deltas)
        {
            algorithm.Apply(Round, Aggregate(delta), model);
            Reference(optimizer, delta, x, m, v);
        }

        for (int i = 0; i < x.Length; i++)
        {
            Assert.Equal(x[i], model.Parameters[i], 5e-6);
        }
    }

    [Theory]
    [InlineData("sgd")]
    [InlineData("momentum")]
    [InlineData("adam")]
    [InlineData("yogi")]
    [InlineData("adagrad")]
    public void LoadState_OfASavedState_GoesOnBitForBit(string optimizer)
    {
        var settings = new ServerOptimizerSettings { Name = optimizer, BiasCorrection = optimizer == "adam" };
        IServerAlgorithm algorithm = Create(settings);
        var model = new ModelContent(Schema, [1, -2, 0.5f]);
        algorithm.Apply(Round, Aggregate(0.5f, -0.25f, 0), model);
        byte[]? state = algorithm.SaveState();
        var copy = new ModelContent(Schema, [.. model.Parameters]);
        IServerAlgorithm restarted = Create(settings);
        restarted.LoadState(state);

        algorithm.Apply(Round, Aggregate(0.1f, 0.2f, 0.3f), model);
        restarted.Apply(Round, Aggregate(0.1f, 0.2f, 0.3f), copy);

        Assert.Equal(model.Parameters, copy.Parameters);
    }

    [Fact]
    public void LoadState_OfAnotherOptimizer_Throws()
    {
        IServerAlgorithm momentum = Create(new() { Name = "momentum" });
        momentum.Apply(Round, Aggregate(1, 1, 1), ModelContent.Zeros(Schema));

        Assert.Throws<InvalidDataException>(() => Create(new() { Name = "adam" }).LoadState(momentum.SaveState()));
    }

    [Fact]
    public void LoadState_Empty_StartsAnew()
    {
        IServerAlgorithm used = Create(new() { Name = "momentum" });
        used.Apply(Round, Aggregate(1, 1, 1), ModelContent.Zeros(Schema));
        used.LoadState([]);
        var model = ModelContent.Zeros(Schema);

        used.Apply(Round, Aggregate(1, 2, 3), model);

        Assert.Equal([1f, 2, 3], model.Parameters);
    }

    [Fact]
    public void Apply_Statistics_ReplacesThemByTheMean()
    {
        IServerAlgorithm algorithm = Create(new());
        var model = ModelContent.Zeros(Schema);
        SectionSpec spec = algorithm.UpSections(DeviceRoles.Worker)[1];

        algorithm.Apply(Round, new RoundAggregate([new AggregatedSection(spec, [3, 4], [], 2)], []), model);

        Assert.Equal([3f, 4], model.Statistics);
        Assert.Equal([0f, 0, 0], model.Parameters);
    }

    [Fact]
    public void UpSections_LocalStatistics_AreNotAsked()
    {
        var local = new ModelSchema([
            new TensorSpec("w", [2L]),
            new TensorSpec("mean", [2L], TensorPart.Statistic, TensorScope.Local, Trainable: false),
        ]);

        SectionSpec section = Assert.Single(ServerAlgorithms.BuiltIn.Create(new JobDefinition(), local).UpSections(DeviceRoles.Worker));

        Assert.Equal(SectionSpecs.Delta(local), section);
    }

    [Fact]
    public void UpSections_UniformWeighting_CountsEachUpdateOnce()
    {
        var job = new JobDefinition { Aggregation = new() { Weighting = "uniform" } };

        Assert.All(
            ServerAlgorithms.BuiltIn.Create(job, Schema).UpSections(DeviceRoles.Worker),
            section => Assert.Equal(SectionDenominator.Updates, section.Denominator));
    }

    [Fact]
    public void TrainingFor_Definition_TellsTheDeviceEverything()
    {
        var job = new JobDefinition
        {
            Seed = 99,
            Local = new() { Epochs = 0, Steps = 7, BatchSize = 5, LearningRate = 0.3, Momentum = 0.4, WeightDecay = 0.01, ClipNorm = 2 },
            Algorithm = new() { Parameters = { ["proximal"] = 0.125 } },
        };

        LocalTraining training = ServerAlgorithms.BuiltIn.Create(job, Schema).TrainingFor(Round, 12, DeviceRoles.Worker);

        Assert.Equal(("fedavg", 0u, 7u, 5u), (training.Algorithm, training.Epochs, training.Steps, training.BatchSize));
        Assert.Equal((0.3, 0.4, 0.01, 2.0), (training.LearningRate, training.Momentum, training.WeightDecay, training.ClipNorm));
        Assert.Equal((99ul, 12u, 0.125), (training.Seed, training.ClientIndex, training.Proximal));
    }

    [Fact]
    public void Validate_UnknownAlgorithmOrParameter_NamesThem()
    {
        Assert.Contains("fedavg", Assert.Single(ServerAlgorithms.BuiltIn.Validate(new() { Algorithm = new() { Name = "magic" } })).Message);
        var job = new JobDefinition
        {
            Algorithm = new() { Parameters = { ["proximal"] = -1, ["mu"] = 1 } },
            ServerOptimizer = new() { Name = "sgd", Momentum = 0.5 },
        };
        Assert.Equal(
            ["algorithm.parameters.mu", "algorithm.parameters.proximal", "serverOptimizer"],
            ServerAlgorithms.BuiltIn.Validate(job).Select(error => error.Path).Order());
    }

    [Fact]
    public void Create_Plan_HasTheSectionsAndTheirBytes()
    {
        IServerAlgorithm algorithm = Create(new());

        RoundPlan train = RoundPlans.Create(Round, 3, new JobDefinition(), Schema, algorithm, 12);
        RoundPlan evaluate = RoundPlans.Create(Round with { Kind = TaskKind.Evaluate }, 3, new JobDefinition(), Schema, algorithm, 12);

        Assert.Equal((3ul, 12, 4L * 5), (train.WriterEpoch, train.ExpectedUpdates, train.UpdateBytes));
        Assert.Equal([SectionRole.Delta, SectionRole.BnStatistics], train.Sections.Select(section => section.Role));
        Assert.Equal((SectionRole.Evaluation, 24L), (Assert.Single(evaluate.Sections).Role, evaluate.UpdateBytes));
    }

    private static IServerAlgorithm Create(ServerOptimizerSettings optimizer) =>
        ServerAlgorithms.BuiltIn.Create(new JobDefinition { ServerOptimizer = optimizer }, Schema);

    private static RoundAggregate Aggregate(params float[] delta) =>
        new([new AggregatedSection(SectionSpecs.Delta(Schema), delta, [], 1)], []);

    /// <summary>FedOpt (Reddi et al. 2021), algorithm 2, with v starting at 0 and the defaults of the common implementations.</summary>
    private static void Reference(string optimizer, float[] delta, double[] x, double[] m, double[] v)
    {
        for (int i = 0; i < x.Length; i++)
        {
            double d = delta[i];
            switch (optimizer)
            {
                case "sgd":
                    x[i] += d;
                    break;
                case "momentum":
                    m[i] = (0.9 * m[i]) + d;
                    x[i] += m[i];
                    break;
                case "adagrad":
                    v[i] += d * d;
                    x[i] += 0.1 * d / (Math.Sqrt(v[i]) + 1e-3);
                    break;
                case "adam":
                    m[i] = (0.9 * m[i]) + (0.1 * d);
                    v[i] = (0.99 * v[i]) + (0.01 * d * d);
                    x[i] += 0.1 * m[i] / (Math.Sqrt(v[i]) + 1e-3);
                    break;
                default:
                    m[i] = (0.9 * m[i]) + (0.1 * d);
                    v[i] -= 0.01 * d * d * Math.Sign(v[i] - (d * d));
                    x[i] += 0.01 * m[i] / (Math.Sqrt(v[i]) + 1e-3);
                    break;
            }
        }
    }
}
