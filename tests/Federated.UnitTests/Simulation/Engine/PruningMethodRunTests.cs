using Federated.Client.Sparse;
using Federated.Client.Torch.Models;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.Simulation;
using Federated.Simulation.Costs;
using Federated.Simulation.Engine;
using Federated.Simulation.Partitions;
using Federated.UnitTests.Sparse;
using TorchSharp;

namespace Federated.UnitTests.Simulation.Engine;

public sealed class PruningMethodRunTests
{
    private const double Density = 0.2;

    [Theory]
    [InlineData("uniform")]
    [InlineData("erk")]
    [InlineData("random")]
    [InlineData("synflow")]
    [InlineData("snip")]
    [InlineData("prunefl")]
    [InlineData("feddst")]
    [InlineData("granet")]
    [InlineData("channels")]
    public void Run_AnyMethod_EndsAtItsDensityWithWeightsUnderItsMask(string method)
    {
        SimulationRequest request = With(method);

        // Whole channels and a whole last layer come close to a fifth of so small a model only.
        double density = method == "channels" ? 0.4 : Density;
        SimulationOutcome outcome = Run(request with { Job = request.Job with { Pruning = request.Job.Pruning with { Density = density } } });

        ModelMask mask = outcome.Model.Mask!;
        int budget = (int)Math.Round(density * mask.PrunableCount);
        Assert.True(method == "channels" ? mask.ActiveCount <= budget : mask.ActiveCount == budget, $"{mask.ActiveCount} of {budget}");
        Assert.Equal(method is "snip" or "prunefl" or "feddst" or "granet" or "channels", mask.Epoch > 1);
        float[] masked = [.. outcome.Model.Parameters];
        mask.Apply(masked);
        Assert.Equal(masked, outcome.Model.Parameters);
        Assert.Empty(outcome.Failures);
        Assert.Equal(SimulationEnd.Completed, outcome.End);
    }

    [Fact]
    public void Run_Channels_LeavesASmallerDenseNetworkWithTheSameScores()
    {
        SimulationRequest request = With("channels", "cnn-bn:8");
        SimulationOutcome outcome = Run(request with { Job = request.Job with { Pruning = request.Job.Pruning with { Density = 0.4 } } });
        ModelContent model = outcome.Model;
        SparseNetwork network = SparseNetwork.FromModel(ZooArchitecture.Of(model.Schema, 1, 8, 8), model.Schema, model.Parameters, model.Statistics);

        SparseNetwork smaller = network.WithoutDeadChannels();

        // Rows that are pruned take the columns behind them along, but for one constant channel a layer.
        Assert.True(smaller.DenseCount < 0.3 * network.DenseCount, $"{smaller.DenseCount} of {network.DenseCount}");
        Assert.True(smaller.DenseCount < model.Mask!.ActiveCount, $"{smaller.DenseCount} of {model.Mask.ActiveCount}");
        using var scope = torch.NewDisposeScope();
        using var before = new DenseNetwork(network);
        using var after = new DenseNetwork(smaller);
        torch.Tensor images = torch.tensor(outcome.Setup.Dataset.Examples.Features[..(40 * 64)].ToArray()).reshape(40, 1, 8, 8);
        Closeness.Holds(before.call(images).data<float>().Select(score => (double)score), after.call(images).data<float>().ToArray());
    }

    [Fact]
    public void Costs_DenseAndMasked_AreThoseOfTheFormulas()
    {
        SimulationOutcome dense = Run(With("none")), uniform = Run(With("uniform")), tiny = Run(With("fedtiny")), prunefl = Run(With("prunefl"));
        ModelCost cost = dense.Setup.Model.MeasureCost();
        long gradients = dense.Rounds.Sum(round => round.Gradients);
        var account = new CostAccount(cost);
        int[] active = [.. Enumerable.Range(0, cost.Layers.Count).Select(uniform.Model.Mask!.CountOf)];

        Assert.Equal(3 * cost.Macs * gradients, dense.Costs!.Macs);
        Assert.Equal((0, 0), (dense.Costs.AdjustmentMacs, dense.Costs.SelectionMacs));
        Assert.Equal(2 * sizeof(float) * dense.Setup.Model.Schema.ParameterCount, dense.Costs.State.Total);
        Assert.Equal(3 * account.Forward(active) * gradients, uniform.Costs!.Macs);
        Assert.Equal(Density, (double)uniform.Costs.TrainingMacs / dense.Costs.TrainingMacs, 0.01);
        Assert.Equal(account.State(active, false, 0), uniform.Costs.State);
        Assert.True(tiny.Costs!.SelectionMacs > 0 && tiny.Costs.AdjustmentMacs > 0);

        // Rounds 2 and 4 adjust: four devices, eight examples, all layers.
        Assert.Equal(2 * 4 * 8 * cost.Macs, prunefl.Costs!.AdjustmentMacs);
        Assert.Equal(sizeof(float) * cost.Weights, prunefl.Costs.State.Selection);
        Assert.All([dense, uniform, tiny, prunefl], outcome => Assert.Equal(cost.ActivationBytes(4), outcome.Costs!.ActivationBytes));
    }

    [Fact]
    public void Costs_OfRolesOfWhichSomeSendGradients_CountThese()
    {
        SimulationRequest request = With("prunefl", "cnn");
        request.Job.Algorithm = new AlgorithmSettings { Name = "fedamd", Parameters = { ["lazy"] = 1, ["probability"] = 0.5 } };

        SimulationOutcome outcome = Run(request);

        // In rounds 2 and 4 miners send gradients of eight examples, anchors none.
        long one = 8 * outcome.Setup.Model.MeasureCost().Macs;
        Assert.Equal(0, outcome.Costs!.AdjustmentMacs % one);
        Assert.InRange(outcome.Costs.AdjustmentMacs / one, 1, 7);
    }

    [Theory]
    [InlineData("cnn-bn:4", 2)]
    [InlineData("cnn", 1)]
    public void Costs_OfCandidates_ArePassesOfTheClientsThatJudgedThem(string model, int passes)
    {
        SimulationOutcome outcome = Run(With("fedtiny", model));

        var account = new CostAccount(outcome.Setup.Model.MeasureCost());
        Assert.All(outcome.Candidates!.Candidates, candidate => Assert.True(candidate.Examples > 0));
        Assert.Equal(passes * outcome.Candidates.Candidates.Sum(candidate => (long)candidate.Examples * account.Forward(candidate.Active)), outcome.Costs!.SelectionMacs);
    }

    [Fact]
    public void Run_SynFlowOnALinearModel_SaysWhyNot()
    {
        var error = Assert.Throws<SimulationException>(() => Run(With("synflow", model: "logistic")));

        Assert.Contains("SynFlow cannot prune it", error.Message, StringComparison.Ordinal);
    }

    private static SimulationRequest With(string method, string model = "cnn-bn:4")
    {
        SimulationRequest request = Requests.Digits(model, rounds: 5, workers: 2);
        return request with
        {
            Partition = PartitionSpec.Parse("iid"),
            Clients = 4,
            Job = request.Job with
            {
                Local = new LocalSettings { Steps = 3, Epochs = 0, BatchSize = 4, LearningRate = 0.05 },
                Round = new RoundSettings { CohortSize = 4 },
                Evaluation = new EvaluationSettings { EveryRounds = 5 },
                Pruning = new PruningSettings { Method = method, Density = Density, Candidates = 3, AdjustEvery = 2, StopAdjusting = 5, Blocks = 2, GradientBatch = 8 },
            },
        };
    }

    private static SimulationOutcome Run(SimulationRequest request) => Requests.Run(request, cancellationToken: TestContext.Current.CancellationToken);
}
