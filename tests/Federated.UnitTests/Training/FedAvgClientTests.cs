using Federated.Client.Algorithms;
using Federated.Client.Algorithms.Evaluate;
using Federated.Client.Algorithms.FedAvg;
using Federated.Client.Training;
using Federated.Client.Training.Softmax;
using Federated.Protocol.Models;
using Federated.Protocol.V1;

namespace Federated.UnitTests.Training;

public class FedAvgClientTests
{
    private readonly ExampleSet _examples = SampleExamples.Create(20, 9, 3);
    private readonly ModelSchema _schema = LinearModel.CreateSchema(9, 3);
    private readonly FedAvgClient _algorithm = new();

    [Fact]
    public void Run_Plan_WritesLocalMinusGlobal()
    {
        SgdSolver solver = CreateSolver(20);
        ClientTask task = CreateTask(learningRate: 0.1);
        ClientUpdate update = CreateUpdate(task);

        ClientOutcome outcome = _algorithm.Run(task, solver, update, TestContext.Current.CancellationToken);

        float[] local = new float[_schema.ParameterCount];
        LocalSgdResult expected = CreateSolver(20).Solve(
            LocalSgdPlan.From(task.Settings), task.Key, task.Parameters.Span, [], local, TestContext.Current.CancellationToken);
        Assert.Equal(ClientOutcome.Completed, outcome);
        Assert.Equal(local.Zip(task.Parameters.ToArray(), (y, x) => y - x), update.Floats(SectionRole.Delta).ToArray());
        Assert.Equal(20, update.Weight);
        Assert.Equal(expected.Steps, update.Steps);
        Assert.Equal(expected.MeanLoss, update.TrainingLoss);
    }

    [Fact]
    public void Run_NoExamples_ReportsNothing()
    {
        ClientTask task = CreateTask(learningRate: 0.1);

        Assert.Equal(ClientOutcome.Nothing, _algorithm.Run(task, CreateSolver(0), CreateUpdate(task), TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Run_StepTooLarge_ReportsDivergence()
    {
        ClientTask task = CreateTask(learningRate: 1e38);

        Assert.Equal(ClientOutcome.Diverged, _algorithm.Run(task, CreateSolver(20), CreateUpdate(task), TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Run_EvaluationOfAllExamples_WritesTheSums()
    {
        var evaluate = new EvaluateClient();
        ClientTask task = CreateTask(learningRate: 0.1);
        IReadOnlyList<SectionSpec> sections = evaluate.Sections(_schema, task.Settings, task.Role);
        var update = new ClientUpdate(sections, new byte[ClientUpdate.PayloadLength(sections)]);
        SgdSolver solver = CreateSolver(20);

        ClientOutcome outcome = evaluate.Run(task, solver, update, TestContext.Current.CancellationToken);

        Evaluation expected = solver.Objective.Evaluate(task.Parameters.Span, TestContext.Current.CancellationToken);
        Assert.Equal(ClientOutcome.Completed, outcome);
        Assert.Equal([expected.LossSum, expected.Correct, expected.Count], update.Doubles(SectionRole.Evaluation).ToArray());
    }

    [Fact]
    public void ClientUpdate_MemoryTooSmall_Throws()
    {
        ClientTask task = CreateTask(learningRate: 0.1);
        IReadOnlyList<SectionSpec> sections = _algorithm.Sections(_schema, task.Settings, task.Role);

        Assert.Throws<ArgumentException>(() => new ClientUpdate(sections, new byte[ClientUpdate.PayloadLength(sections) - 1]));
    }

    private SgdSolver CreateSolver(int examples)
    {
        var objective = new SoftmaxObjective(9, 3);
        objective.Select(_examples, SampleExamples.Range(examples));
        return new SgdSolver(objective);
    }

    private ClientTask CreateTask(double learningRate) => new()
    {
        Schema = _schema,
        Parameters = SampleExamples.Vector(_schema.ParameterCount, 3),
        Settings = new LocalTraining { Algorithm = "fedavg", Epochs = 2, BatchSize = 6, LearningRate = learningRate, Seed = 4, ClientIndex = 8 },
        Round = 1,
    };

    private ClientUpdate CreateUpdate(ClientTask task)
    {
        IReadOnlyList<SectionSpec> sections = _algorithm.Sections(_schema, task.Settings, task.Role);
        return new ClientUpdate(sections, new byte[ClientUpdate.PayloadLength(sections)]);
    }
}
