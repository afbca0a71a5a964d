using Federated.Client.Torch.Training;
using Federated.Client.Training;
using Federated.Numerics;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.UnitTests.Training;

namespace Federated.UnitTests.Torch;

public class MaskedTrainingTests
{
    private static readonly TrainingKey Key = new(Seed: 11, Client: 3, Round: 2);
    private readonly ExampleSet _examples = SampleExamples.Create(40, 16, 3);

    public static TheoryData<LocalSgdPlan> Plans() => new(
        new LocalSgdPlan { Epochs = 2, BatchSize = 7, LearningRate = 0.1 },
        new LocalSgdPlan { Steps = 9, BatchSize = 8, LearningRate = 0.05, Momentum = 0.9 },
        new LocalSgdPlan { Epochs = 1, BatchSize = 8, LearningRate = 0.1, Proximal = 0.5, Momentum = 0.5, WeightDecay = 0.1, ClipNorm = 0.3 });

    [Theory]
    [MemberData(nameof(Plans))]
    public void Solve_UnderAMask_EqualsANaiveLoopInDouble(LocalSgdPlan plan)
    {
        using TorchObjective objective = CreateObjective();
        using var solver = new TorchSolver(objective);
        ModelContent model = objective.Module.ToContent();
        ModelMask mask = RandomMask(model.Schema, 0.6);
        float[] correction = SampleExamples.Vector(model.Parameters.Length, 5, scale: 0.05f);
        float[] expected = Naive(objective, plan, mask, model.Parameters, correction);
        float[] torch = new float[expected.Length], managed = new float[expected.Length];

        objective.LoadStatistics(model.Statistics, model.Counts);
        solver.UseMask(mask);
        solver.Solve(plan, Key, model.Parameters, correction, torch, TestContext.Current.CancellationToken);
        objective.LoadStatistics(model.Statistics, model.Counts);
        var plain = new SgdSolver(objective);
        plain.UseMask(mask);
        plain.Solve(plan, Key, model.Parameters, correction, managed, TestContext.Current.CancellationToken);

        float[] ones = Ones(mask);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], torch[i], 1e-5f);
            Assert.Equal(expected[i], managed[i], 1e-5f);
            Assert.True(ones[i] != 0 || (torch[i] == 0 && managed[i] == 0), $"coordinate {i} is {torch[i]} and {managed[i]}");
        }
    }

    [Fact]
    public void UseMask_FullThenNone_TrainsAsWithoutOne()
    {
        using TorchObjective objective = CreateObjective();
        using var solver = new TorchSolver(objective);
        ModelContent model = objective.Module.ToContent();
        var plan = new LocalSgdPlan { Steps = 3, BatchSize = 8, LearningRate = 0.05, Momentum = 0.9 };

        float[] Train(ModelMask? mask)
        {
            float[] local = new float[model.Parameters.Length];
            objective.LoadStatistics(model.Statistics, model.Counts);
            solver.UseMask(mask);
            solver.Solve(plan, Key, model.Parameters, [], local, TestContext.Current.CancellationToken);
            return local;
        }

        float[] dense = Train(null);

        Assert.NotEqual(dense, Train(RandomMask(model.Schema, 0.5)));
        Assert.Equal(dense, Train(ModelMask.Full(model.Schema, 1)));
        Assert.Equal(dense, Train(null));
    }

    [Fact]
    public void UseMask_OfAnotherModel_Throws()
    {
        using TorchObjective objective = CreateObjective();
        using var solver = new TorchSolver(objective);
        ModelMask other = ModelMask.Full(new ModelSchema([new TensorSpec("w", [4, 4])]), 1);

        Assert.Throws<ArgumentException>(() => solver.UseMask(other));
        Assert.Throws<ArgumentException>(() => new SgdSolver(objective).UseMask(other));
    }

    private TorchObjective CreateObjective()
    {
        TorchObjective objective = SmallNetwork.CreateObjective();
        objective.Select(_examples, SampleExamples.Range(40));
        return objective;
    }

    // y ← y - η m, m ← ρ m + M ∘ (clip(M ∘ ∇) + c + λ y + μ (y - M ∘ x)), from y = M ∘ x.
    private static float[] Naive(TorchObjective objective, LocalSgdPlan plan, ModelMask mask, float[] start, float[] correction)
    {
        float[] ones = Ones(mask);
        double[] y = [.. start.Select((value, i) => (double)value * ones[i])], x = [.. y], m = new double[y.Length];
        float[] gradient = new float[y.Length];
        var batches = new BatchSchedule();
        batches.Start(Key, objective.ExampleCount, plan.BatchSize);
        for (int step = 0; step < plan.StepsFor(objective.ExampleCount); step++)
        {
            objective.LossAndGradient([.. y.Select(value => (float)value)], batches.Next(), gradient);
            double norm = Math.Sqrt(gradient.Select((value, i) => Math.Pow(value * ones[i], 2)).Sum());
            double scale = plan.ClipNorm > 0 && norm > plan.ClipNorm ? plan.ClipNorm / norm : 1;
            for (int i = 0; i < y.Length; i++)
            {
                double pull = (plan.WeightDecay * y[i]) + (plan.Proximal * (y[i] - x[i]));
                m[i] = (plan.Momentum * m[i]) + (ones[i] * ((scale * gradient[i]) + correction[i] + pull));
                y[i] -= plan.LearningRate * m[i];
            }
        }

        return [.. y.Select(value => (float)value)];
    }

    private static float[] Ones(ModelMask mask)
    {
        float[] ones = new float[mask.ParameterCount];
        ones.AsSpan().Fill(1);
        mask.Apply(ones);
        return ones;
    }

    // Dense enough that no channel is empty: normalisation makes noise of a constant.
    private static ModelMask RandomMask(ModelSchema schema, double density)
    {
        var random = new CounterRandom(5, RandomPurpose.Test, 1);
        return ModelMask.Create(schema, 1, [.. PrunableLayer.Of(schema).Select(layer => random.Choose(layer.Count, Math.Max(1, (int)(density * layer.Count))).Order().ToArray())]);
    }
}
