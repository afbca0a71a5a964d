using Federated.Protocol.Jobs;
using Federated.Simulation;
using Federated.Simulation.Engine;
using Federated.Simulation.Pretraining;
using Federated.Simulation.Reports;
using Federated.UnitTests.Simulation.Engine;

namespace Federated.UnitTests.Simulation.Pretraining;

public sealed class PretrainingTests
{
    [Fact]
    public void Prepare_PublicExamples_AreWithTheServerAlone()
    {
        SimulationSetup all = SimulationSetup.Prepare(Requests.Digits());
        SimulationSetup rest = SimulationSetup.Prepare(Requests.Digits() with { Pretraining = new PretrainingSpec(100, 5) });

        int[] dealt = [.. rest.Clients.SelectMany(client => client.Rows)];
        Assert.Equal(all.Clients.Sum(client => client.Rows.Length) - 100, dealt.Length);
        Assert.Equal(dealt.Length, dealt.Distinct().Count());
        Assert.Equal(all.Dataset.Test, rest.Dataset.Test);
        Assert.DoesNotContain(dealt, rest.Dataset.Test.Contains);
    }

    [Fact]
    public void Run_Pretrained_BeginsWithAModelThatKnowsSomething()
    {
        SimulationOutcome plain = Run(null), pretrained = Run(new PretrainingSpec(200, 100));

        Assert.True(pretrained.Rounds[0].TrainingLoss < 0.7 * plain.Rounds[0].TrainingLoss, $"{pretrained.Rounds[0].TrainingLoss} and {plain.Rounds[0].TrainingLoss}");
        Assert.Equal("200:100", ResultDocuments.Create(pretrained, 0).Settings.Job.Simulation!.Pretrain);
    }

    [Fact]
    public void With_SameModelAndSettings_StartsFromTheSameBits()
    {
        SimulationRequest request = Requests.Digits("cnn-bn:4", rounds: 1) with { Pretraining = new PretrainingSpec(100, 10) };
        SimulationSetup setup = SimulationSetup.Prepare(request);

        string first = Hash(setup), again = Hash(setup.With(request)), fresh = Hash(SimulationSetup.Prepare(request));

        Assert.Equal(first, again);
        Assert.Equal(first, fresh);

        static string Hash(SimulationSetup setup) =>
            ResultDocuments.Create(new Simulator(setup, new SilentObserver()).Run(TestContext.Current.CancellationToken), 0).Final.ModelSha256;
    }

    [Fact]
    public void Prepare_MorePublicExamplesThanThereAre_SaysSo()
    {
        var error = Assert.Throws<SimulationException>(() => SimulationSetup.Prepare(Requests.Digits() with { Pretraining = new PretrainingSpec(1_000_000, 5) }));

        Assert.Contains("pretrain 1000000:5", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_PretrainingThatDiverges_SaysSo()
    {
        SimulationRequest request = Requests.Digits(rounds: 1) with { Pretraining = new PretrainingSpec(100, 50) };
        request = request with { Job = request.Job with { Local = request.Job.Local with { LearningRate = 1000, WeightDecay = 1 } } };

        var error = Assert.Throws<SimulationException>(() => Requests.Run(request, cancellationToken: TestContext.Current.CancellationToken));

        Assert.Contains("pretrain 100:50: the model diverged", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void With_OtherPublicExamples_IsRefused()
    {
        SimulationRequest request = Requests.Digits() with { Pretraining = new PretrainingSpec(100, 5) };
        SimulationSetup setup = SimulationSetup.Prepare(request);

        Assert.NotNull(setup.With(request with { Pretraining = new PretrainingSpec(100, 9) }));
        Assert.Throws<SimulationException>(() => setup.With(request with { Pretraining = null }));
        Assert.Throws<SimulationException>(() => setup.With(request with { Pretraining = new PretrainingSpec(90, 5) }));
        Assert.Throws<SimulationException>(() => SimulationSetup.Prepare(request with { Pretraining = new PretrainingSpec(0, 5) }));
    }

    [Theory]
    [InlineData("500")]
    [InlineData("1:5")]
    [InlineData("500:0")]
    [InlineData("500:5:5")]
    [InlineData("a:b")]
    public void Parse_AnythingElse_IsRefused(string text) => Assert.Throws<SimulationException>(() => PretrainingSpec.Parse(text));

    private static SimulationOutcome Run(PretrainingSpec? pretraining)
    {
        SimulationRequest request = Requests.Digits(rounds: 1);
        return Requests.Run(
            request with { Pretraining = pretraining, Job = request.Job with { Local = new LocalSettings { Epochs = 1, BatchSize = 8, LearningRate = 0.1 } } },
            cancellationToken: TestContext.Current.CancellationToken);
    }
}
