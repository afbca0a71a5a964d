using Federated.Client.Training;
using Federated.Client.Training.Softmax;

namespace Federated.UnitTests.Training;

public class SgdSolverTests
{
    private static readonly TrainingKey Key = new(Seed: 11, Client: 3, Round: 2);

    public static TheoryData<LocalSgdPlan> Plans() => new(
        new LocalSgdPlan { Epochs = 2, BatchSize = 7, LearningRate = 0.1 },
        new LocalSgdPlan { Steps = 9, BatchSize = 7, LearningRate = 0.1, Momentum = 0.9 },
        new LocalSgdPlan { Steps = 5, BatchSize = 0, LearningRate = 0.2, WeightDecay = 0.01 },
        new LocalSgdPlan { Epochs = 1, BatchSize = 4, LearningRate = 0.1, Proximal = 0.5, Momentum = 0.5, WeightDecay = 0.1, ClipNorm = 0.3 });

    [Theory]
    [MemberData(nameof(Plans))]
    public void Solve_AnyPlan_EqualsNaiveDoubleLoop(LocalSgdPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        var (objective, examples) = CreateObjective();
        float[] start = SampleExamples.Vector(objective.ParameterCount, 21);
        float[] correction = SampleExamples.Vector(objective.ParameterCount, 22, scale: 0.1f);
        float[] local = new float[start.Length];

        LocalSgdResult result = new SgdSolver(objective).Solve(
            plan, Key, start, correction, local, TestContext.Current.CancellationToken);

        double[] expected = NaiveLoop(plan, examples, start, correction, result.Steps);
        Assert.Equal(plan.StepsFor(20), result.Steps);
        for (int i = 0; i < local.Length; i++)
        {
            Assert.Equal(expected[i], local[i], 1e-5);
        }
    }

    [Fact]
    public void Solve_OnManyThreads_IsBitwiseEqual()
    {
        var plan = new LocalSgdPlan { Epochs = 3, BatchSize = 3, LearningRate = 0.1, Momentum = 0.9 };
        float[][] results = new float[8][];

        Parallel.For(0, results.Length, i =>
        {
            var (objective, _) = CreateObjective();
            var solver = new SgdSolver(objective);
            results[i] = new float[objective.ParameterCount];
            solver.Solve(plan, Key with { Client = (uint)i }, new float[results[i].Length], [], results[i]);
            solver.Solve(plan, Key, new float[results[i].Length], [], results[i]);
        });

        Assert.All(results, local => Assert.Equal(results[0], local));
    }

    [Fact]
    public void Solve_StoppedBeforehand_ReturnsTheStart()
    {
        var (objective, _) = CreateObjective();
        float[] start = SampleExamples.Vector(objective.ParameterCount, 1);
        float[] local = new float[start.Length];

        LocalSgdResult result = new SgdSolver(objective).Solve(
            new LocalSgdPlan { Epochs = 1, LearningRate = 0.1 }, Key, start, [], local, new CancellationToken(canceled: true));

        Assert.Equal(0, result.Steps);
        Assert.Equal(1, result.PlannedSteps);
        Assert.Equal(start, local);
    }

    [Fact]
    public void Solve_NoExamples_TakesNoStep()
    {
        var objective = new SoftmaxObjective(5, 3);
        objective.Select(SampleExamples.Create(4, 5, 3), ReadOnlyMemory<int>.Empty);

        LocalSgdResult result = new SgdSolver(objective).Solve(
            new LocalSgdPlan { Epochs = 1, LearningRate = 0.1 }, Key, new float[18], [], new float[18], TestContext.Current.CancellationToken);

        Assert.Equal(0, result.Steps);
        Assert.True(double.IsNaN(result.MeanLoss));
    }

    [Fact]
    public void Solve_LossOverflows_ReportsDivergence()
    {
        var (objective, _) = CreateObjective();
        float[] start = new float[objective.ParameterCount];
        Array.Fill(start, float.PositiveInfinity);

        LocalSgdResult result = new SgdSolver(objective).Solve(
            new LocalSgdPlan { Epochs = 1, LearningRate = 0.1 }, Key, start, [], new float[start.Length], TestContext.Current.CancellationToken);

        Assert.True(result.Diverged);
        Assert.Equal(0, result.Steps);
    }

    [Fact]
    public void Solve_AfterTheFirstCall_AllocatesOneGeneratorAPass()
    {
        var (objective, _) = CreateObjective();
        var solver = new SgdSolver(objective);
        var plan = new LocalSgdPlan { Epochs = 2, BatchSize = 6, LearningRate = 0.1, Momentum = 0.5 };
        float[] start = new float[objective.ParameterCount];
        float[] local = new float[objective.ParameterCount];
        solver.Solve(plan, Key, start, [], local, TestContext.Current.CancellationToken);

        long before = GC.GetAllocatedBytesForCurrentThread();
        solver.Solve(plan, Key, start, [], local, TestContext.Current.CancellationToken);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2 * 128);
    }

    [Theory]
    [InlineData(0, 0.1)]
    [InlineData(1, 0)]
    [InlineData(1, double.NaN)]
    public void Solve_PlanOutOfRange_Throws(int epochs, double learningRate)
    {
        var (objective, _) = CreateObjective();
        float[] vector = new float[objective.ParameterCount];

        Assert.Throws<ArgumentException>(() => new SgdSolver(objective).Solve(
            new LocalSgdPlan { Epochs = epochs, LearningRate = learningRate }, Key, vector, [], new float[vector.Length], TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.9)]
    public void Solve_Momentum_ReportsTheNormaliserOfFedNova(double momentum)
    {
        var (objective, _) = CreateObjective();
        float[] vector = new float[objective.ParameterCount];

        LocalSgdResult result = new SgdSolver(objective).Solve(
            new LocalSgdPlan { Steps = 6, BatchSize = 5, LearningRate = 0.1, Momentum = momentum },
            Key, vector, [], new float[vector.Length], TestContext.Current.CancellationToken);

        double expected = (6 - (momentum * (1 - Math.Pow(momentum, 6)) / (1 - momentum))) / (1 - momentum);
        Assert.Equal(expected, result.Normaliser, 1e-9);
    }

    private static (SoftmaxObjective Objective, ExampleSet Examples) CreateObjective()
    {
        ExampleSet examples = SampleExamples.Create(20, 9, 3);
        var objective = new SoftmaxObjective(9, 3);
        objective.Select(examples, SampleExamples.Range(20));
        return (objective, examples);
    }

    private static double[] NaiveLoop(LocalSgdPlan plan, ExampleSet examples, float[] start, float[] correction, int steps)
    {
        var batches = new BatchSchedule();
        batches.Start(Key, examples.Count, plan.BatchSize);
        double[] x = [.. start.Select(value => (double)value)];
        double[] y = [.. x];
        double[] m = new double[x.Length];
        for (int step = 0; step < steps; step++)
        {
            double[] gradient = NaiveSoftmax.LossAndGradient(y, examples, batches.Next(), 3).Gradient;
            double norm = Math.Sqrt(gradient.Sum(g => g * g));
            double scale = plan.ClipNorm > 0 && norm > plan.ClipNorm ? plan.ClipNorm / norm : 1;
            for (int i = 0; i < y.Length; i++)
            {
                double g = (gradient[i] * scale) + correction[i] + (plan.WeightDecay * y[i]) + (plan.Proximal * (y[i] - x[i]));
                m[i] = (plan.Momentum * m[i]) + g;
                y[i] -= plan.LearningRate * m[i];
            }
        }

        return y;
    }
}
