using Federated.Client.Algorithms;
using Federated.Client.Algorithms.FedAvg;
using Federated.Client.Sparse;
using Federated.Client.Torch.Training;
using Federated.Client.Training;
using Federated.Protocol.Models;
using Federated.Protocol.V1;
using Federated.UnitTests.Training;
using TorchSharp;

namespace Federated.UnitTests.Torch;

public class TorchSolverTests
{
    private static readonly TrainingKey Key = new(Seed: 11, Client: 3, Round: 2);
    private readonly ExampleSet _examples = SampleExamples.Create(40, 16, 3);

    public static TheoryData<LocalSgdPlan> Plans() => new(
        new LocalSgdPlan { Epochs = 2, BatchSize = 7, LearningRate = 0.1 },
        new LocalSgdPlan { Steps = 9, BatchSize = 8, LearningRate = 0.05, Momentum = 0.9 },
        new LocalSgdPlan { Epochs = 1, BatchSize = 8, LearningRate = 0.1, Proximal = 0.5, Momentum = 0.5, WeightDecay = 0.1, ClipNorm = 0.3 });

    [Theory]
    [MemberData(nameof(Plans))]
    public void Solve_AnyPlan_EqualsTheGenericSolver(LocalSgdPlan plan)
    {
        using TorchObjective objective = CreateObjective();
        using var native = new TorchSolver(objective);
        ModelContent model = objective.Module.ToContent();
        float[] correction = SampleExamples.Vector(model.Parameters.Length, 5, scale: 0.05f);
        float[] expected = new float[model.Parameters.Length];
        float[] actual = new float[model.Parameters.Length];

        LocalSgdResult generic = new SgdSolver(objective).Solve(
            plan, Key, model.Parameters, correction, expected, TestContext.Current.CancellationToken);
        objective.LoadStatistics(model.Statistics, model.Counts);
        LocalSgdResult result = native.Solve(plan, Key, model.Parameters, correction, actual, TestContext.Current.CancellationToken);

        Assert.Equal(generic.Steps, result.Steps);
        Assert.Equal(generic.Normaliser, result.Normaliser);
        Assert.Equal(generic.MeanLoss, result.MeanLoss, 1e-5);
        for (int i = 0; i < actual.Length; i++)
        {
            Assert.Equal(expected[i], actual[i], 1e-5f);
        }
    }

    [Fact]
    public void LossAndGradient_SparseRows_EqualsDenseRows()
    {
        using TorchObjective objective = CreateObjective();
        float[] matrix = [.. _examples.Features.ToArray().Select((value, i) => i % 5 == 0 ? value : 0)], parameters = objective.Module.ToContent().Parameters;
        float[] expected = new float[parameters.Length], actual = new float[parameters.Length];

        objective.Select(new ExampleSet(matrix, 16, _examples.Labels), SampleExamples.Range(40));
        double loss = objective.LossAndGradient(parameters, SampleExamples.Range(16), expected);
        objective.Select(new ExampleSet(CsrMatrix.FromDense(40, 16, matrix), _examples.Labels), SampleExamples.Range(40));

        Assert.Equal(loss, objective.LossAndGradient(parameters, SampleExamples.Range(16), actual));
        Assert.Equal(expected, actual);
    }

    [Fact]
    public void LossAndGradient_AgainstFiniteDifferencesInDouble_Agrees()
    {
        using TorchObjective objective = CreateObjective();
        float[] parameters = objective.Module.ToContent().Parameters;
        float[] gradient = new float[parameters.Length];
        using var precise = new SmallNetwork(new MaskSource());
        precise.to(torch.ScalarType.Float64);
        using torch.Tensor inputs = torch.tensor(_examples.Features[..(16 * 16)].ToArray()).view(16, 1, 4, 4).to(torch.ScalarType.Float64);
        using torch.Tensor labels = torch.tensor(_examples.Labels[..16].ToArray()).to(torch.ScalarType.Int64);

        objective.LossAndGradient(parameters, SampleExamples.Range(16), gradient);

        double LossWith(int index, double change)
        {
            using var noGrad = torch.no_grad();
            int offset = 0;
            foreach (torch.Tensor tensor in precise.parameters())
            {
                int length = (int)tensor.NumberOfElements;
                double[] values = [.. parameters.AsSpan(offset, length).ToArray().Select((value, i) => value + (offset + i == index ? change : 0))];
                using torch.Tensor source = torch.tensor(values).view(tensor.shape);
                tensor.copy_(source);
                offset += length;
            }

            using torch.Tensor loss = torch.nn.functional.cross_entropy(precise.call(inputs), labels);
            return loss.item<double>();
        }

        for (int i = 0; i < parameters.Length; i++)
        {
            Assert.Equal((LossWith(i, 1e-6) - LossWith(i, -1e-6)) / 2e-6, gradient[i], 2e-6);
        }
    }

    [Fact]
    public void Solve_MomentumAndDecay_EqualsTorchsOwnOptimizer()
    {
        var plan = new LocalSgdPlan { Epochs = 2, BatchSize = 8, LearningRate = 0.1, Momentum = 0.9, WeightDecay = 0.01 };
        using TorchObjective objective = CreateObjective();
        using var solver = new TorchSolver(objective);
        float[] start = objective.Module.ToContent().Parameters;
        float[] local = new float[start.Length];
        using TorchObjective plain = CreateObjective();
        using var optimizer = torch.optim.SGD(
            plain.Module.Module.parameters(), plan.LearningRate, momentum: plan.Momentum, weight_decay: plan.WeightDecay);
        var batches = new BatchSchedule();
        batches.Start(Key, 40, plan.BatchSize);

        solver.Solve(plan, Key, start, [], local, TestContext.Current.CancellationToken);
        for (int step = 0; step < plan.StepsFor(40); step++)
        {
            int[] rows = batches.Next().ToArray();
            float[] features = [.. rows.SelectMany(row => _examples.Features.Slice(row * 16, 16).ToArray())];
            using torch.Tensor inputs = torch.tensor(features).view(rows.Length, 1, 4, 4);
            using torch.Tensor labels = torch.tensor(rows.Select(row => (long)_examples.Labels.Span[row]).ToArray());
            plain.Module.Module.train();
            optimizer.zero_grad();
            using torch.Tensor loss = torch.nn.functional.cross_entropy(plain.Module.Module.call(inputs), labels);
            loss.backward();
            optimizer.step();
        }

        float[] expected = plain.Module.ToContent().Parameters;
        for (int i = 0; i < local.Length; i++)
        {
            Assert.Equal(expected[i], local[i], 1e-5f);
        }
    }

    [Fact]
    public void Solve_WithDropoutOnManyThreads_IsBitwiseEqual()
    {
        var plan = new LocalSgdPlan { Epochs = 2, BatchSize = 8, LearningRate = 0.1, Momentum = 0.9 };
        float[][] locals = new float[4][];

        Parallel.For(0, locals.Length, i =>
        {
            using TorchObjective objective = CreateObjective(dropout: 0.3);
            using var solver = new TorchSolver(objective);
            ModelContent model = objective.Module.ToContent();
            locals[i] = new float[model.Parameters.Length];
            solver.Solve(plan, Key with { Client = (uint)i }, model.Parameters, [], locals[i]);
            objective.LoadStatistics(model.Statistics, model.Counts);
            solver.Solve(plan, Key, model.Parameters, [], locals[i]);
        });

        Assert.All(locals, local => Assert.Equal(locals[0], local));
    }

    [Fact]
    public void UseMasks_SameStep_RepeatsTheMasksAndAnotherStepDoesNot()
    {
        using TorchObjective objective = CreateObjective(dropout: 0.5);
        float[] parameters = objective.Module.ToContent().Parameters;
        float[] gradient = new float[parameters.Length];
        int[] batch = SampleExamples.Range(16);

        double LossAt(int step)
        {
            objective.UseMasks(Key, step);
            return objective.LossAndGradient(parameters, batch, gradient);
        }

        double first = LossAt(0);
        Assert.Equal(first, objective.LossAndGradient(parameters, batch, gradient));
        Assert.NotEqual(first, LossAt(1));
        Assert.Equal(first, LossAt(0));
    }

    [Fact]
    public void StoreStatistics_AfterOneBatch_HoldsTheRunningMoments()
    {
        using TorchObjective objective = CreateObjective();
        ModelContent model = objective.Module.ToContent();
        float[] statistics = new float[4];
        long[] counts = new long[1];

        objective.LossAndGradient(model.Parameters, SampleExamples.Range(16), new float[model.Parameters.Length]);
        objective.StoreStatistics(statistics, counts);

        using torch.Tensor inputs = torch.tensor(_examples.Features[..(16 * 16)].ToArray()).view(16, 1, 4, 4);
        using torch.Tensor features = torch.nn.functional.conv2d(
            inputs, Tensor(model, "conv.weight"), Tensor(model, "conv.bias"), padding: [1L, 1L]);
        using torch.Tensor mean = features.mean([0, 2, 3]);
        using torch.Tensor variance = features.var([0L, 2L, 3L], unbiased: true);
        for (int channel = 0; channel < 2; channel++)
        {
            Assert.Equal(0.1f * mean[channel].item<float>(), statistics[channel], 1e-5f);
            Assert.Equal(0.9f + (0.1f * variance[channel].item<float>()), statistics[2 + channel], 1e-5f);
        }

        Assert.Equal(1, counts[0]);
    }

    [Fact]
    public void Evaluate_AndLoss_DoNotMoveTheStatistics()
    {
        using TorchObjective objective = CreateObjective(dropout: 0.5);
        ModelContent model = objective.Module.ToContent();

        Evaluation evaluation = objective.Evaluate(model.Parameters, TestContext.Current.CancellationToken);
        double loss = objective.Loss(model.Parameters, SampleExamples.Range(40));

        Assert.Equal(40, evaluation.Count);
        Assert.Equal(evaluation.MeanLoss, loss, 1e-5);
        Assert.Equal(model.Statistics, objective.Module.ToContent().Statistics);
    }

    [Fact]
    public void Run_FedAvgWithBatchNorm_SendsTheStatisticsAlong()
    {
        using TorchObjective objective = CreateObjective();
        using var solver = new TorchSolver(objective);
        ModelContent model = objective.Module.ToContent();
        var algorithm = new FedAvgClient();
        var task = new ClientTask
        {
            Schema = model.Schema,
            Parameters = model.Parameters,
            Statistics = model.Statistics,
            Counts = model.Counts,
            Settings = new LocalTraining { Epochs = 1, BatchSize = 8, LearningRate = 0.1 },
            Round = 1,
        };
        IReadOnlyList<SectionSpec> sections = algorithm.Sections(model.Schema, task.Settings, task.Role);
        var update = new ClientUpdate(sections, new byte[ClientUpdate.PayloadLength(sections)]);

        ClientOutcome outcome = algorithm.Run(task, solver, update, TestContext.Current.CancellationToken);

        Assert.Equal(ClientOutcome.Completed, outcome);
        Assert.Equal(objective.Module.ToContent().Statistics, update.Floats(SectionRole.BnStatistics).ToArray());
        Assert.NotEqual(model.Statistics, update.Floats(SectionRole.BnStatistics).ToArray());
    }

    [Fact]
    public void Solve_ThousandTimes_LeavesNoTensorBehind()
    {
        using TorchObjective objective = CreateObjective(dropout: 0.2);
        using var solver = new TorchSolver(objective);
        ModelContent model = objective.Module.ToContent();
        var plan = new LocalSgdPlan { Steps = 2, BatchSize = 4, LearningRate = 0.01, Momentum = 0.5, Proximal = 0.1, ClipNorm = 1 };
        float[] local = new float[model.Parameters.Length];
        solver.Solve(plan, Key, model.Parameters, model.Parameters, local, TestContext.Current.CancellationToken);
        objective.Evaluate(model.Parameters, TestContext.Current.CancellationToken);
        long before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        for (uint client = 0; client < 1000; client++)
        {
            solver.Solve(plan, Key with { Client = client }, model.Parameters, model.Parameters, local, TestContext.Current.CancellationToken);
        }

        objective.Evaluate(model.Parameters, TestContext.Current.CancellationToken);
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    private TorchObjective CreateObjective(double dropout = 0)
    {
        TorchObjective objective = SmallNetwork.CreateObjective(dropout);
        objective.Select(_examples, SampleExamples.Range(40));
        return objective;
    }

    private static torch.Tensor Tensor(ModelContent model, string name)
    {
        int offset = 0;
        foreach (TensorSpec spec in model.Schema.Of(TensorPart.Parameter))
        {
            if (spec.Name == name)
            {
                return torch.tensor(model.Parameters.AsSpan(offset, (int)spec.ElementCount).ToArray()).view([.. spec.Shape]);
            }

            offset += (int)spec.ElementCount;
        }

        throw new ArgumentException(name);
    }
}
