using Federated.Client.Training;
using Federated.Client.Training.Softmax;
using Federated.Protocol;
using Federated.Protocol.Jobs;
using Federated.Simulation;
using Federated.Simulation.Data;
using Federated.Simulation.Engine;
using Federated.Simulation.Partitions;
using Federated.Simulation.Reports;

namespace Federated.UnitTests.Simulation.Engine;

public sealed class SimulatorTests
{
    [Theory]
    [InlineData("logistic")]
    [InlineData("cnn")]
    public void Run_AnyNumberOfWorkers_GivesTheSameBytes(string model)
    {
        ResultDocument[] results =
        [
            .. Enumerable.Range(1, 3).Select(workers => ResultDocuments.Create(
                Requests.Run(Requests.Digits(model, rounds: 2, workers: workers) with { DropOut = 0.2 }, cancellationToken: TestContext.Current.CancellationToken), 0)),
        ];

        Assert.Single(results.Select(result => result.Final.ModelSha256).Distinct());
        Assert.Single(results.Select(result => result.Final.Loss).Distinct());
        Assert.Single(results.Select(result => string.Join(',', result.Rounds.Select(round => $"{round.Accuracy}:{round.TrainingLoss}:{round.UpdateNorm}"))).Distinct());
        Assert.Single(results.Select(result => string.Join(',', result.Failures)).Distinct());
    }

    [Fact]
    public void Run_SparseExamples_GivesTheSameBytesForAnyWorkersAndLearnsAsFromDenseOnes()
    {
        using var folder = new DataFolder();
        string lines = string.Concat(Enumerable.Range(0, 400).Select(i => $"{(i % 7) % 2} {1 + (i % 7)}:1 {20 + (i % 19)}:0.5\n"));
        SimulationRequest request = Requests.Digits(rounds: 20) with { Dataset = new DatasetRequest { Source = folder.Write("a.libsvm", lines) }, Partition = PartitionSpec.Parse("iid") };
        request = request with { Job = request.Job with { Local = new LocalSettings { Epochs = 2, BatchSize = 8, LearningRate = 0.5 } } };
        SimulationSetup setup = SimulationSetup.Prepare(request);
        ExampleSet sparse = setup.Dataset.Examples;
        float[] dense = new float[sparse.Count * sparse.FeatureLength];
        for (int row = 0; row < sparse.Count; row++)
        {
            sparse.CopyRow(row, dense.AsSpan(row * sparse.FeatureLength));
        }

        SimulationOutcome[] outcomes = [.. Enumerable.Range(1, 3).Select(workers => Requests.Run(request with { Workers = workers }, cancellationToken: TestContext.Current.CancellationToken))];

        Assert.NotNull(sparse.SparseFeatures);
        Assert.All(outcomes, outcome => Assert.Equal(outcomes[0].Model.Parameters, outcome.Model.Parameters));
        var objective = new SoftmaxObjective(sparse.FeatureLength, 1);
        objective.Select(new ExampleSet(dense, sparse.FeatureLength, sparse.Labels), setup.Dataset.Test);
        Evaluation evaluation = objective.Evaluate(outcomes[0].Model.Parameters, TestContext.Current.CancellationToken);
        Assert.Equal(evaluation.MeanLoss, outcomes[0].Final!.Value.MeanLoss, 1e-6);
        Assert.True(evaluation.Accuracy > 0.9, $"accuracy {evaluation.Accuracy}");
    }

    [Fact]
    public void Run_OtherSeed_GivesAnotherModel()
    {
        SimulationRequest request = Requests.Digits();

        string first = ResultDocuments.Create(Requests.Run(request, cancellationToken: TestContext.Current.CancellationToken), 0).Final.ModelSha256;
        string second = ResultDocuments.Create(Requests.Run(request with { Job = request.Job with { Seed = 12 } }, cancellationToken: TestContext.Current.CancellationToken), 0).Final.ModelSha256;

        Assert.NotEqual(first, second);
    }

    [Fact]
    public void Run_Digits_Learns()
    {
        SimulationRequest request = Requests.Digits(rounds: 25);

        SimulationOutcome outcome = Requests.Run(request, cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(SimulationEnd.Completed, outcome.End);
        Assert.True(outcome.Final!.Value.Accuracy > 0.85, $"accuracy {outcome.Final.Value.Accuracy}");
        Assert.Equal(25, outcome.Rounds.Count);
        Assert.Empty(outcome.Failures);
    }

    [Fact]
    public void Run_OneRoundOfEveryone_IsTheWeightedMeanOfTheLocalModels()
    {
        SimulationRequest request = Requests.Digits(rounds: 1) with { Clients = 5 };
        request = request with { Job = request.Job with { Round = new RoundSettings { CohortSize = 5 } } };
        SimulationSetup setup = SimulationSetup.Prepare(request);

        float[] global = new Simulator(setup, new SilentObserver()).Run(TestContext.Current.CancellationToken).Model.Parameters;

        var objective = new SoftmaxObjective(64, 10);
        var solver = new SgdSolver(objective);
        double[] expected = new double[objective.ParameterCount];
        double total = setup.Clients.Sum(client => (double)client.Rows.Length);
        for (int i = 0; i < setup.Clients.Count; i++)
        {
            float[] local = new float[objective.ParameterCount];
            objective.Select(setup.Dataset.Examples, setup.Clients[i].Rows);
            solver.Solve(
                new LocalSgdPlan { Epochs = 1, BatchSize = 8, LearningRate = 0.1 }, new TrainingKey(11, (uint)i, 1),
                new float[objective.ParameterCount], [], local, TestContext.Current.CancellationToken);
            for (int j = 0; j < expected.Length; j++)
            {
                expected[j] += local[j] * setup.Clients[i].Rows.Length / total;
            }
        }

        Assert.All(Enumerable.Range(0, expected.Length), j => Assert.Equal(expected[j], global[j], 1e-6));
    }

    [Fact]
    public void Run_DropOut_RecordsWhoVanishedAndGoesOn()
    {
        SimulationOutcome outcome = Requests.Run(Requests.Digits(rounds: 5) with { DropOut = 0.4 }, cancellationToken: TestContext.Current.CancellationToken);

        Assert.NotEmpty(outcome.Failures);
        Assert.All(outcome.Failures, failure => Assert.Equal(ErrorKinds.DroppedOut, failure.Kind));
        Assert.All(outcome.Failures, failure => Assert.Contains("vanished in the middle of the round", failure.Reason, StringComparison.Ordinal));
        Assert.All(outcome.Rounds, round => Assert.Equal(6, round.Counted + round.Failed));
        Assert.Equal(outcome.Failures.Count, outcome.Rounds.Sum(round => round.Failed));
    }

    [Fact]
    public void Run_TooFewReports_AbandonsTheRoundAndKeepsTheModel()
    {
        SimulationRequest request = Requests.Digits(rounds: 4) with { DropOut = 0.99 };
        request = request with { Job = request.Job with { Round = new RoundSettings { CohortSize = 6, MinimumToClose = 6, MaxAbandoned = 2 } } };

        SimulationOutcome outcome = Requests.Run(request, cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(SimulationEnd.Abandoned, outcome.End);
        Assert.Equal(2, outcome.Rounds.Count);
        Assert.All(outcome.Rounds, round => Assert.Contains("at least 6 are needed", round.Abandoned, StringComparison.Ordinal));
        Assert.All(outcome.Model.Parameters, value => Assert.Equal(0, value));
    }

    [Fact]
    public void Run_OverSelection_CountsTheGoalAndNoMore()
    {
        SimulationRequest request = Requests.Digits();
        request = request with { Job = request.Job with { Round = new RoundSettings { CohortSize = 6, OverSelection = 1.5 } } };

        SimulationOutcome outcome = Requests.Run(request, cancellationToken: TestContext.Current.CancellationToken);

        Assert.All(outcome.Rounds, round => Assert.Equal((9, 6, 0), (round.Selected, round.Counted, round.Failed)));
    }

    [Fact]
    public void Run_HugeRate_ReportsDivergedClients()
    {
        SimulationRequest request = Requests.Digits(rounds: 2);
        request = request with { Job = request.Job with { Local = request.Job.Local with { LearningRate = 1e38 } } };

        SimulationOutcome outcome = Requests.Run(request, cancellationToken: TestContext.Current.CancellationToken);

        Assert.Contains(outcome.Failures, failure => failure.Kind == ErrorKinds.Diverged && failure.Reason.Contains("not finite", StringComparison.Ordinal));
        Assert.All(outcome.Rounds, round => Assert.Equal(6, round.Selected));
        Assert.All(outcome.Model.Parameters, value => Assert.True(float.IsFinite(value)));
    }

    [Fact]
    public void Run_UpdateBeyondABound_IsRefusedWithTheFigure()
    {
        SimulationRequest request = Requests.Digits(rounds: 1);
        request = request with { Job = request.Job with { Bounds = new BoundSettings { MaxNorm = 1e-6 } } };

        SimulationOutcome outcome = Requests.Run(request, cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(6, outcome.Failures.Count);
        Assert.All(outcome.Failures, failure => Assert.Equal(ErrorKinds.NormExceeded, failure.Kind));
    }

    [Fact]
    public void Run_TargetAccuracy_EndsTheRun()
    {
        SimulationRequest request = Requests.Digits(rounds: 50);
        request = request with { Job = request.Job with { TargetAccuracy = 0.5 } };

        SimulationOutcome outcome = Requests.Run(request, cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(SimulationEnd.TargetReached, outcome.End);
        Assert.Equal(outcome.Rounds.Count, outcome.RoundsToTarget);
        Assert.True(outcome.Final!.Value.Accuracy >= 0.5);
    }

    [Fact]
    public void Run_Cancelled_LeavesWhatThereIs()
    {
        using var source = new CancellationTokenSource();
        var observer = new SilentObserver(afterClient: (round, done) =>
        {
            if (round == 3 && done == 2)
            {
                source.Cancel();
            }
        });

        SimulationOutcome outcome = Requests.Run(Requests.Digits(rounds: 50, workers: 2), observer, source.Token);

        Assert.Equal(SimulationEnd.Cancelled, outcome.End);
        Assert.Equal(2, outcome.Rounds.Count);
        Assert.Equal(outcome.Rounds[^1].Accuracy, outcome.Final!.Value.Accuracy);
    }

    [Fact]
    public void Run_EvaluateEveryThird_EvaluatesTheLastRoundToo()
    {
        SimulationRequest request = Requests.Digits(rounds: 5);
        request = request with { Job = request.Job with { Evaluation = new EvaluationSettings { EveryRounds = 3 } } };

        SimulationOutcome outcome = Requests.Run(request, cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal([3, 5], outcome.Rounds.Where(round => round.Accuracy is not null).Select(round => round.Round));
    }

    [Fact]
    public void Prepare_SeveralMistakes_NamesThemAll()
    {
        SimulationRequest request = Requests.Digits() with { DropOut = 2, Workers = 0 };
        request = request with { Job = request.Job with { Rounds = 0, Model = "nonsense" } };

        string message = Assert.Throws<SimulationException>(() => SimulationSetup.Prepare(request)).Message;

        Assert.Contains("rounds", message, StringComparison.Ordinal);
        Assert.Contains("dropout 2", message, StringComparison.Ordinal);
        Assert.Contains("workers 0", message, StringComparison.Ordinal);
        Assert.Contains("no model 'nonsense'", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Prepare_CohortBeyondTheClients_IsAnErrorUnlessItMayBeCut()
    {
        SimulationRequest request = Requests.Digits() with { Clients = 4 };

        Assert.Contains("there are 4 clients", Assert.Throws<SimulationException>(() => SimulationSetup.Prepare(request)).Message, StringComparison.Ordinal);
        Assert.Equal(4, SimulationSetup.Prepare(request with { FitCohort = true }).Request.Job.Round.CohortSize);
    }

    [Fact]
    public void Prepare_ModelThatDoesNotFit_SaysWhatItTakes()
    {
        SimulationRequest request = Requests.Digits() with { Partition = PartitionSpec.Parse("iid") };
        request = request with { Job = request.Job with { Model = "charlstm" } };

        Assert.Contains("takes texts", Assert.Throws<SimulationException>(() => SimulationSetup.Prepare(request)).Message, StringComparison.Ordinal);
    }
}
