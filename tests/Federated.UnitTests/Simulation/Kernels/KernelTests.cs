using Federated.Client.Torch;
using Federated.Protocol.Jobs;
using Federated.Protocol.Pruning;
using Federated.Simulation.Engine;
using Federated.Simulation.Kernels;
using Federated.Simulation.Models;
using Federated.Simulation.Partitions;
using Federated.Simulation.Reports;
using Federated.UnitTests.Simulation.Engine;
using TorchSharp;

namespace Federated.UnitTests.Simulation.Kernels;

/// <summary>Masked models on the sparse runtime and on libtorch.</summary>
public sealed class KernelTests
{
    [Fact]
    public void Run_FedTiny_SparseKernelsGiveTheModelOfTheDenseOnes()
    {
        SimulationOutcome sparse = Run(With("fedtiny", KernelSetting.Sparse));
        SimulationOutcome dense = Run(With("fedtiny", KernelSetting.Dense));

        Assert.All(sparse.Rounds, round => Assert.Equal("sparse", round.Kernels));
        Assert.All(dense.Rounds, round => Assert.Equal("dense", round.Kernels));
        Assert.Equal(3, dense.Model.Mask!.Epoch);
        Assert.Equal(dense.Candidates!.Chosen, sparse.Candidates!.Chosen);
        Assert.Equal(dense.Model.Mask.HashText, sparse.Model.Mask!.HashText);
        float largest = dense.Model.Parameters.Max(MathF.Abs);
        Assert.All(dense.Model.Parameters.Zip(sparse.Model.Parameters), pair => Assert.Equal(pair.First, pair.Second, 1e-4f * largest));
        Assert.All(dense.Model.Statistics.Zip(sparse.Model.Statistics), pair => Assert.Equal(pair.First, pair.Second, 1e-3f * Math.Max(1, Math.Abs(pair.First))));
        Assert.Equal(dense.Final!.Value.MeanLoss, sparse.Final!.Value.MeanLoss, 1e-3);
    }

    [Fact]
    public void Run_SparseKernelsWithAnyNumberOfWorkers_GivesTheSameBits()
    {
        string[] results =
        [
            .. Enumerable.Range(1, 3).Select(workers => ResultDocuments.Create(Run(With("fedtiny", KernelSetting.Sparse) with { Workers = workers }), 0))
                .Select(result => $"{result.Pruning!.MaskSha256} {result.Final.ModelSha256} {result.Final.Loss:R} {string.Join(' ', result.Pruning.Candidates.Candidates.Select(candidate => $"{candidate.Loss:R}"))}"),
        ];

        Assert.Single(results.Distinct());
    }

    [Fact]
    public void Run_MaskThatLeavesEverything_IsTakenByTheDenseKernels()
    {
        SimulationOutcome outcome = Run(With("snip", KernelSetting.Auto));

        Assert.Equal(["dense", "sparse", "sparse", "sparse", "sparse"], outcome.Rounds.Select(round => round.Kernels));
        Assert.Empty(outcome.Failures);
    }

    [Fact]
    public void Run_AsynchronousWithAMaskThatComesLate_NamesTheKernelsOfWhatWasPulled()
    {
        SimulationRequest request = With("snip", KernelSetting.Auto);
        SimulationOutcome outcome = Run(request with
        {
            Job = request.Job with
            {
                Algorithm = new AlgorithmSettings { Name = "fedbuff", Parameters = { ["buffer"] = 4 } },
                Local = request.Job.Local with { Momentum = 0 },
                Pruning = request.Job.Pruning with { Candidates = 1 },
            },
        });

        // The version that has the mask was made of updates from under the one that leaves everything.
        int changed = outcome.Rounds.ToList().FindIndex(round => round.MaskEpoch == outcome.Model.Mask!.Epoch);
        Assert.InRange(changed, 0, outcome.Rounds.Count - 2);
        Assert.All(outcome.Rounds.Take(changed + 1), round => Assert.Equal("dense", round.Kernels));
        Assert.All(outcome.Rounds.Skip(changed + 1), round => Assert.Equal("sparse", round.Kernels));
    }

    [Fact]
    public void Settings_OfAResult_NameTheKernelsAsTheCommandLineDoes()
    {
        SimulationOutcome outcome = Run(With("uniform", KernelSetting.Sparse));

        Assert.Equal("sparse", ResultDocuments.Create(outcome, 0).Settings.Kernels);
    }

    [Fact]
    public void Run_DenseModel_NamesNoKernels()
    {
        Assert.All(Run(With("none", KernelSetting.Auto)).Rounds, round => Assert.Null(round.Kernels));
    }

    [Theory]
    [InlineData("logistic", 0.0, "model 'logistic' has none")]
    [InlineData("cnn", 0.5, "no dropout")]
    public void Prepare_SparseKernelsThatTheModelLacks_SaysWhy(string model, double dropout, string reason)
    {
        SimulationRequest request = With("fedtiny", KernelSetting.Sparse, model) with { ModelOptions = new ModelOptions { Dropout = dropout } };

        var error = Assert.Throws<Federated.Simulation.SimulationException>(() => SimulationSetup.Prepare(request));

        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.NotNull(SimulationSetup.Prepare(request with { Kernels = KernelSetting.Auto }));
    }

    [Fact]
    public void IsSparse_CpuStandsInForAGpu_IsThatOfTheCpu()
    {
        TorchRuntime.Initialise();
        Assert.SkipWhen(torch.cuda.is_available(), "This host has CUDA.");

        SimulationSetup setup = SimulationSetup.Prepare(With("fedtiny", KernelSetting.Sparse) with { Device = "cuda" });

        Assert.True(setup.Kernels.IsSparse(PrunedMask(setup, 0.05)));
    }

    [Fact]
    public void Prepare_UnknownDevice_NamesTheChoices()
    {
        var error = Assert.Throws<Federated.Simulation.SimulationException>(() => SimulationSetup.Prepare(With("fedtiny", KernelSetting.Auto) with { Device = "gpu" }));

        Assert.Contains("'gpu' is not one of cpu, cuda", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void IsSparse_Auto_GoesByTheShareOfTheMultiplyAdds()
    {
        SimulationSetup setup = SimulationSetup.Prepare(With("fedtiny", KernelSetting.Auto));

        Assert.True(setup.Kernels.IsSparse(PrunedMask(setup, 0.05)));
        Assert.False(setup.Kernels.IsSparse(PrunedMask(setup, 0.97)));
        Assert.False(setup.Kernels.IsSparse(ModelMask.Full(setup.Model.Schema, 1)));
        Assert.False(setup.Kernels.IsSparse(null));
    }

    [Fact]
    public void ShareFor_LargerModels_NeverRises()
    {
        double[] shares = [.. new long[] { 1, 100_000, 1_000_000, 3_000_000, 30_000_000, 300_000_000, 3_000_000_000 }.Select(BreakEven.ShareFor)];

        Assert.Equal(shares.OrderDescending(), shares);
        Assert.All(shares, share => Assert.InRange(share, 0.05, 1));
    }

    private static ModelMask PrunedMask(SimulationSetup setup, double density) => ModelMask.OfLargest(
        setup.Model.Schema, 1, setup.Model.Initialise(1).Parameters, [.. PrunableLayer.Of(setup.Model.Schema).Select(layer => Math.Max(layer.Fewest, (int)(density * layer.Count)))]);

    private static SimulationRequest With(string method, KernelSetting kernels, string model = "cnn-bn:4")
    {
        SimulationRequest request = Requests.Digits(model, rounds: 5, workers: 2);
        return request with
        {
            Kernels = kernels,
            Partition = PartitionSpec.Parse("iid"),
            Clients = 20,
            Job = request.Job with
            {
                Local = new LocalSettings { Steps = 3, Epochs = 0, BatchSize = 16, LearningRate = 0.05, Momentum = 0.9 },
                Round = new RoundSettings { CohortSize = 4 },
                Evaluation = new EvaluationSettings { EveryRounds = 5 },
                Pruning = new PruningSettings { Method = method, Density = 0.2, Candidates = 3, CandidateCohort = 3, AdjustEvery = 2, StopAdjusting = 6, Blocks = 2, GradientBatch = 16 },
            },
        };
    }

    private static SimulationOutcome Run(SimulationRequest request) => Requests.Run(request, cancellationToken: TestContext.Current.CancellationToken);
}
