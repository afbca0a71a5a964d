using Federated.Coordination.Algorithms;
using Federated.Coordination.Pruning;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.Simulation.Engine;
using Federated.Simulation.Kernels;
using Federated.Simulation.Models;
using Federated.UnitTests.Coordination.Pruning;

namespace Federated.UnitTests.Simulation.Engine;

public sealed class CandidateTakerTests
{
    private const int Clients = 6;
    private const int Candidates = 5;

    [Fact]
    public void Begin_RunThatDiffersInTheAdjustmentAlone_BeginsWithTheChoiceThatIsMade()
    {
        SimulationRequest request = Requests.Digits("cnn-bn:4", rounds: 3, workers: 2);
        request = request with { Clients = Clients, Job = request.Job with { Pruning = new PruningSettings { Method = "fedtiny", Density = 0.2, Candidates = Candidates, AdjustEvery = 1 } } };
        SimulationRequest selection = request with { Job = request.Job with { Pruning = request.Job.Pruning with { StopAdjusting = 0 } } };
        SimulationRequest sparser = request with { Job = request.Job with { Pruning = request.Job.Pruning with { Density = 0.1 } } };
        SimulationOutcome alone = Requests.Run(selection, cancellationToken: TestContext.Current.CancellationToken);
        SimulationSetup setup = SimulationSetup.Prepare(request);

        SimulationOutcome first = Run(setup), second = Run(setup.With(selection)), third = Run(setup.With(sparser));

        Assert.Same(first.Candidates, second.Candidates);
        Assert.NotSame(first.Candidates, third.Candidates);
        Assert.Equal(alone.Candidates!.Candidates.Select(candidate => candidate.Loss), second.Candidates!.Candidates.Select(candidate => candidate.Loss));
        Assert.Equal(alone.Model.Mask!.HashText, second.Model.Mask!.HashText);
        Assert.Equal(alone.Model.Parameters, second.Model.Parameters);
        Assert.Equal(alone.Model.Statistics, second.Model.Statistics);
        Assert.Equal(alone.Costs, second.Costs);
        Assert.NotEqual(first.Model.Mask!.Epoch, second.Model.Mask.Epoch);

        static SimulationOutcome Run(SimulationSetup setup) => new Simulator(setup, new SilentObserver()).Run(TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("cnn-bn:4", 2, KernelSetting.Dense)]
    [InlineData("cnn-bn:4", 2, KernelSetting.Sparse)]
    [InlineData("mlp", 1, KernelSetting.Dense)]
    public void Begin_ModelOfTheZoo_FindsWhatTheLiveHalvesFind(string model, int rounds, KernelSetting kernels)
    {
        SimulationRequest request = Requests.Digits(model, rounds: 1, workers: 2);
        request = request with
        {
            Clients = Clients,
            Kernels = kernels,
            Job = request.Job with { Pruning = new PruningSettings { Method = "fedtiny", Density = 0.2, Candidates = Candidates, StopAdjusting = 0 } },
        };
        SimulationOutcome outcome = Requests.Run(request, cancellationToken: TestContext.Current.CancellationToken);

        SimulationSetup setup = outcome.Setup;
        using ModelWorker worker = setup.Model.CreateWorker();
        ModelContent content = setup.Model.Initialise(setup.Request.Job.Seed);
        ModelMask[] masks = [.. PruningMethods.Create(setup.Request.Job.Pruning, content.Schema, setup.Request.Job.Seed)!.Candidates(content.Parameters)];
        IServerAlgorithm server = ServerAlgorithms.BuiltIn.Create(setup.Request.Job, content.Schema);
        server.Follow(content);
        var federation = new FederationInProcess(server, worker.Solver, client => worker.Objective.Select(setup.Dataset.Examples, setup.Clients[client].Rows), Clients);
        double[] sums = [];
        for (int round = 0; round < rounds; round++)
        {
            Assert.Null(content.Mask);
            sums = federation.Round(content).Sections[0].Wide;
        }

        CandidateReport report = outcome.Candidates!;
        Assert.Equal(masks[report.Chosen].HashText, content.Mask!.HashText);
        Assert.Equal(content.Mask.HashText, outcome.Model.Mask!.HashText);
        Assert.Equal(masks.Select(mask => mask.Counts), report.Candidates.Select(candidate => candidate.Active));
        for (int c = 0; c < Candidates; c++)
        {
            Assert.Equal(sums[2 * c] / sums[(2 * c) + 1], report.Candidates[c].Loss!.Value, kernels == KernelSetting.Dense ? 1e-9 : 0.02);
            Assert.Equal(setup.Clients.Sum(client => client.Rows.Length), report.Candidates[c].Examples);
        }
    }
}
