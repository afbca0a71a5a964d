using System.Collections.Immutable;
using Federated.Coordination.Algorithms;
using Federated.Coordination.Pruning;
using Federated.Coordination.Tier;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.Protocol.Rounds;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;
using Federated.UnitTests.Anarchic.Masked;
using Federated.UnitTests.Protocol.Pruning;

namespace Federated.UnitTests.Coordination.Pruning;

public sealed class PrunedServerTests
{
    private static readonly ModelSchema Schema = PruningModels.Deep;

    private readonly JobDefinition _job = new()
    {
        Pruning = new PruningSettings { Method = "fedtiny", Density = 0.05, Candidates = 1, AdjustEvery = 2, StopAdjusting = 20 },
    };

    [Fact]
    public void Apply_PackedMeans_MakesTheModelOfTheDenseReference()
    {
        ModelContent model = Model();
        IServerAlgorithm server = Create(model);
        float[] start = [.. model.Parameters];
        float[][] deltas = [PruningModels.Gaussian(model.Mask!.PackedCount, 1), PruningModels.Gaussian(model.Mask.PackedCount, 2)];
        double[] weights = [3, 1];

        server.Apply(Round(1), Aggregate(server, Mean(deltas, weights)), model);

        // Every client took part: the next model is Σ p θ over the active coordinates and the dense parameters, and zero elsewhere.
        float[][] full = [.. deltas.Select(packed => Unpack(model.Mask, packed))];
        for (int i = 0; i < start.Length; i++)
        {
            Assert.Equal(((3.0 * (start[i] + full[0][i])) + (start[i] + full[1][i])) / 4, model.Parameters[i], 1e-5);
        }

        float[] masked = [.. model.Parameters];
        model.Mask.Apply(masked);
        Assert.Equal(masked, model.Parameters);
        Assert.Equal(1, model.Mask.Epoch);
    }

    [Fact]
    public void Apply_AdjustmentRound_ChangesMaskSchemaAndSectionsTogether()
    {
        ModelContent model = Model();
        IServerAlgorithm server = Create(model);
        ModelMask first = model.Mask!;
        string schema = model.Schema.HashText;
        server.Apply(Round(1), Aggregate(server), model);
        SectionSpec gradients = Assert.Single(server.UpSections("worker"), section => section.Role == SectionRole.TopK);
        LocalTraining training = server.TrainingFor(Round(2), 0, "worker");
        int demanded = (int)training.Gradients.Layers.Sum(layer => layer.Count);

        server.Apply(Round(2), Aggregate(server), model);

        Assert.Equal((2, 2), (model.Mask!.Epoch, model.Schema.MaskEpoch));
        Assert.NotEqual(schema, model.Schema.HashText);
        Assert.Equal(first.ActiveCount, model.Mask.ActiveCount);
        Assert.Equal(((ulong)TopGradients.MostBytes(demanded), 1UL), (gradients.MaxBytes, gradients.MaskEpoch));
        Assert.All(server.UpSections("worker"), section => Assert.Equal(2UL, section.MaskEpoch));
        MaskDifference change = MaskDifference.Between(first, model.Mask);
        Assert.Equal(demanded, change.Layers.Sum(layer => layer.Grown.Length));
        Assert.All(change.Layers, layer => Assert.All(layer.Grown, index => Assert.Equal(0, model.Parameters[first.Layers[layer.Layer].Start + index])));
        Assert.DoesNotContain(server.UpSections("worker"), section => section.Role == SectionRole.TopK);
        Assert.Null(server.TrainingFor(Round(3), 0, "worker").Gradients);
    }

    [Fact]
    public void Apply_SectionsAsLongAsPackedOnes_ReachTheAlgorithmAsTheyCame()
    {
        ModelContent model = Model();
        var inner = new LookAlikes(model.Schema.ParameterCount, model.Mask!.PackedCount);
        var server = new PrunedServer(inner, new ScriptedMasks(model.Mask), _job, Schema);
        server.Follow(model);
        float[] packed = PruningModels.Gaussian(model.Mask.PackedCount, 1), own = PruningModels.Gaussian(model.Mask.PackedCount, 2);
        SectionSpec[] sections = [.. server.UpSections("worker")];

        server.Apply(
            Round(1),
            new RoundAggregate([new AggregatedSection(sections[0], packed, [], 1), new AggregatedSection(sections[1], own, [], 1)], [])
            {
                Kept = [new KeptSection("a", SectionRole.Delta, packed), new KeptSection("a", SectionRole.Control, own)],
            },
            model);

        float[] flat = Unpack(model.Mask, packed);
        Assert.Equal(flat, inner.Applied!.Find(SectionRole.Delta)!.Single);
        Assert.Equal(own, inner.Applied.Find(SectionRole.Control)!.Single);
        Assert.Equal(flat, inner.Applied.KeptOf("a", SectionRole.Delta));
        Assert.Equal(own, inner.Applied.KeptOf("a", SectionRole.Control));
    }

    [Fact]
    public void Apply_NobodySentGradients_KeepsTheMask()
    {
        ModelContent model = Model();
        IServerAlgorithm server = Create(model);
        server.Apply(Round(1), Aggregate(server), model);

        RoundAggregate aggregate = Aggregate(server);
        server.Apply(Round(2), aggregate with { Sections = [.. aggregate.Sections.Where(section => section.Spec.Role != SectionRole.TopK)] }, model);

        Assert.Equal(1, model.Mask!.Epoch);
    }

    [Fact]
    public void Centres_AfterAnAdjustment_HaveNoGradientsOfIt()
    {
        JobDefinition job = _job with { Aggregation = new AggregationSettings { Rule = "centred-clipping:radius=10" }, Pruning = _job.Pruning with { Blocks = 1 } };
        ModelContent model = Model();
        IServerAlgorithm server = ServerAlgorithms.BuiltIn.Create(job, Schema);
        server.Follow(model);
        for (int round = 1; round <= 3; round++)
        {
            server.Apply(Round(round), Aggregate(server), model);
        }

        // The next adjustment asks for as many elements, at other coordinates.
        Assert.Equal(2, model.Mask!.Epoch);
        Assert.Contains(server.UpSections("worker"), section => section.Role == SectionRole.TopK);
        Assert.Equal([SectionRole.Delta], server.Centres.Keys);
        Assert.Equal([SectionRole.Delta], RoundPlans.Create(Round(4), 1, job, model.Schema, server, target: 5).Centred);
    }

    [Fact]
    public void LoadState_InTheMiddle_GoesOnToTheSameMasks()
    {
        ModelContent straight = Model(), broken = Model();
        IServerAlgorithm one = Create(straight), other = Create(broken);
        for (int round = 1; round <= 6; round++)
        {
            one.Apply(Round(round), Aggregate(one, stream: (uint)round), straight);
            other.Apply(Round(round), Aggregate(other, stream: (uint)round), broken);
            byte[] state = other.SaveState()!;
            broken = ModelFile.Read(ModelFile.Write(broken));
            other = ServerAlgorithms.BuiltIn.Create(_job, broken.Schema);
            other.LoadState(state);
            other.Follow(broken);
        }

        Assert.Equal(4, straight.Mask!.Epoch);
        Assert.Equal(straight.Mask.HashText, broken.Mask!.HashText);
        Assert.Equal(straight.Parameters, broken.Parameters);
    }

    [Fact]
    public void Validate_WhatDoesNotGoWithPruning_SaysWhy()
    {
        Assert.Empty(Errors(_job));
        Assert.Empty(Errors(_job with { Compression = new CompressionSettings { Up = "q8" } }));
        Assert.Empty(Errors(_job with { Algorithm = new AlgorithmSettings { Name = "fedamd" }, Round = new RoundSettings { Population = 100 }, Pruning = _job.Pruning with { StopAdjusting = 0 } }));
        Assert.Empty(Errors(_job with { Compression = new CompressionSettings { Up = "topk:0.1+econtrol" } }));
        Assert.Contains("no matrix", Assert.Single(Errors(_job with { Compression = new CompressionSettings { Up = "svd:2" } })), StringComparison.Ordinal);
        Assert.Contains("active weights", Assert.Single(Errors(_job with { Compression = new CompressionSettings { Down = "q8" } })), StringComparison.Ordinal);
        Assert.Empty(Errors(_job with { ServerOptimizer = new ServerOptimizerSettings { Name = "adam" } }));
        Assert.All(["scaffold", "feddyn", "fedamd"], name => Assert.Empty(Errors(_job with { Algorithm = new AlgorithmSettings { Name = name }, Round = new RoundSettings { Population = 100 } })));
        Assert.All(
            ["fedpage", "bvrlsgd"],
            name => Assert.Contains("takes for exact", Assert.Single(Errors(_job with { Algorithm = new AlgorithmSettings { Name = name }, Round = new RoundSettings { Population = 100 } })), StringComparison.Ordinal));
        Assert.Contains("fedtiny", Assert.Single(Errors(_job with { Pruning = _job.Pruning with { Method = "thinner" } })), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0.0005, false)]
    [InlineData(0.0001, true)]
    public void Validate_DensityOfWhichNoFileCouldBeRead_IsRefused(double density, bool isRefused)
    {
        JobDefinitionError[] errors = [.. PruningCheck.Validate(_job with { Pruning = _job.Pruning with { Density = density } }, LinearModel.CreateSchema(features: 1_000_000, outputs: 2))];

        Assert.Equal(isRefused ? ["Density 0.0001 leaves 202 of 2000002 parameters, biases and normalisation included; a model file holds at least one in 4096."] : [], errors.Select(error => error.Message));
    }

    private static string[] Errors(JobDefinition job) => [.. ServerAlgorithms.BuiltIn.Validate(job).Select(error => error.ToString())];

    private IServerAlgorithm Create(ModelContent model)
    {
        IServerAlgorithm server = ServerAlgorithms.BuiltIn.Create(_job, model.Schema);
        server.Follow(model);
        return server;
    }

    private static ModelContent Model()
    {
        var model = new ModelContent(Schema, PruningModels.Gaussian(Schema.ParameterCount, 0));
        model.Use(PruningModels.Mask(Schema, 0.05, 0));
        return model;
    }

    private static RoundKey Round(int number) => new("t", "j", number, TaskKind.Train);

    private static float[] Unpack(ModelMask mask, float[] packed)
    {
        float[] full = new float[mask.ParameterCount];
        mask.Unpack(packed, full);
        return full;
    }

    private static float[] Mean(float[][] vectors, double[] weights) =>
        [.. Enumerable.Range(0, vectors[0].Length).Select(i => (float)(vectors.Select((vector, k) => weights[k] * vector[i]).Sum() / weights.Sum()))];

    private static RoundAggregate Aggregate(IServerAlgorithm server, float[]? delta = null, uint stream = 5)
    {
        ImmutableArray<SectionSpec> sections = server.UpSections("worker");
        return new RoundAggregate(
            [.. sections.Select(section => new AggregatedSection(
                section, section.Role == SectionRole.Delta && delta is not null ? delta : PruningModels.Gaussian((int)section.ElementCount, stream), [], 1))],
            []);
    }

    /// <summary>An algorithm with a section that is no vector of the parameters, and happens to have as many elements as a packed one.</summary>
    private sealed class LookAlikes(int parameters, int elements) : IServerAlgorithm
    {
        public RoundAggregate? Applied { get; private set; }

        public ImmutableArray<string> Roles => ["worker"];

        public string RoleOf(RoundKey round, uint clientIndex) => "worker";

        public ImmutableArray<SectionSpec> UpSections(string role) =>
        [
            SectionSpecs.Dense(SectionRole.Delta, SectionDType.F32, parameters, SectionDenominator.Weight),
            SectionSpecs.Dense(SectionRole.Control, SectionDType.F32, elements, SectionDenominator.Updates),
        ];

        public ImmutableArray<DownSection> DownSections(string role) => [];

        public LocalTraining TrainingFor(RoundKey round, uint clientIndex, string role) => new();

        public void Apply(RoundKey round, RoundAggregate aggregate, ModelContent model) => Applied = aggregate;

        public byte[]? SaveState() => null;

        public void LoadState(ReadOnlySpan<byte> state)
        {
        }
    }
}
