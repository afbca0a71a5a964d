using Federated.Coordination.Algorithms;
using Federated.Coordination.Tier;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Rounds;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;

namespace Federated.UnitTests.Coordination.Algorithms;

public sealed class CentredServerTests
{
    private static readonly ModelSchema Schema = new([new TensorSpec("w", [3])]);

    [Fact]
    public void Centres_AfterARound_AreItsAggregates()
    {
        IServerAlgorithm server = Create("centred-clipping:radius=1");
        Assert.Empty(server.Centres);

        Apply(server, 1, 1, 2, 3);
        Apply(server, 2, 4, 5, 6);

        Assert.Equal([4f, 5f, 6f], server.Centres[SectionRole.Delta].ToArray());
        RoundPlan plan = RoundPlans.Create(
            new RoundKey("tenant", "job", 3, TaskKind.Train), 1, Job("centred-clipping:radius=1"), Schema, server, target: 5);
        Assert.Equal([4f, 5f, 6f], plan.Centres[SectionRole.Delta].ToArray());
    }

    [Theory]
    [InlineData("sgd")]
    [InlineData("adam")]
    public void LoadState_OfAnEarlierVersion_GoesBackToItsCentreAndOptimizer(string optimizer)
    {
        IServerAlgorithm server = Create("nnm+centred-clipping", optimizer);
        ModelContent model = new(Schema, new float[3]);
        Apply(server, 1, model, 1, 2, 3);
        byte[] saved = server.SaveState()!;
        float[] before = [.. model.Parameters];
        Apply(server, 2, model, 4, 5, 6);
        float[] after = [.. model.Parameters];

        IServerAlgorithm other = Create("nnm+centred-clipping", optimizer);
        other.LoadState(saved);
        other.BeginEpoch(7);
        ModelContent again = new(Schema, before);

        Assert.Equal([1f, 2f, 3f], other.Centres[SectionRole.Delta].ToArray());
        Apply(other, 2, again, 4, 5, 6);
        Assert.Equal(after, again.Parameters);
        other.LoadState([]);
        Assert.Empty(other.Centres);
    }

    [Theory]
    [InlineData("geometric-median")]
    [InlineData("mean")]
    public void Create_RuleThatStartsNowhere_KeepsNoCentre(string rule)
    {
        IServerAlgorithm server = Create(rule);

        Apply(server, 1, 1, 2, 3);

        Assert.Empty(server.Centres);
        Assert.Null(server.SaveState());
    }

    [Fact]
    public void LoadState_Damaged_IsRefused()
    {
        IServerAlgorithm server = Create("centred-clipping");
        Apply(server, 1, 1, 2, 3);
        byte[] saved = server.SaveState()!;
        saved[30] ^= 1;

        Assert.Throws<InvalidDataException>(() => Create("centred-clipping").LoadState(saved));
    }

    private static void Apply(IServerAlgorithm server, int round, params float[] delta) => Apply(server, round, new ModelContent(Schema, new float[3]), delta);

    private static void Apply(IServerAlgorithm server, int round, ModelContent model, params float[] delta) => server.Apply(
        new RoundKey("tenant", "job", round, TaskKind.Train),
        new RoundAggregate([new AggregatedSection(SectionSpecs.Dense(SectionRole.Delta, SectionDType.F32, 3, SectionDenominator.Weight), delta, [], 5)], []),
        model);

    private static IServerAlgorithm Create(string rule, string optimizer = "sgd") => ServerAlgorithms.BuiltIn.Create(Job(rule, optimizer), Schema);

    private static JobDefinition Job(string rule, string optimizer = "sgd") => new()
    {
        Aggregation = new AggregationSettings { Rule = rule },
        ServerOptimizer = new ServerOptimizerSettings { Name = optimizer },
    };
}
