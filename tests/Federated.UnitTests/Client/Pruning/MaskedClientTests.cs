using Federated.Client.Algorithms;
using Federated.Client.Algorithms.FedAvg;
using Federated.Client.Pruning;
using Federated.Client.Training;
using Federated.Client.Training.Softmax;
using Federated.Numerics;
using Federated.Protocol.Codecs;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.Protocol.V1;
using Federated.UnitTests.Protocol.Pruning;

namespace Federated.UnitTests.Client.Pruning;

public sealed class MaskedClientTests
{
    private const int Features = 30;
    private const int Classes = 7;

    private static readonly ModelSchema Schema = LinearModel.CreateSchema(Features, Classes);

    [Fact]
    public void Run_MomentumDecayAndProximal_MovesActiveCoordinatesOnlyAndAsTheDenseReferenceDoes()
    {
        ModelMask mask = PruningModels.Mask(Schema, 0.2, 1);
        LocalTraining settings = Settings();
        float[] start = Start(mask);

        ClientUpdate update = Run(mask, settings, start);
        float[] delta = new float[Schema.ParameterCount];
        mask.Unpack(update.Floats(SectionRole.Delta), delta);

        float[] expected = Reference(mask, settings, start);
        for (int i = 0; i < delta.Length; i++)
        {
            Assert.Equal(expected[i] - start[i], delta[i], 1e-5f);
        }

        // The masked coordinates never left zero: the reference's are exactly so.
        float[] masked = [.. expected];
        mask.Apply(masked);
        Assert.Equal(expected, masked);
        Assert.Equal(4 * (mask.ActiveCount + Classes), update.Payload.Length);
        Assert.True(update.Steps > 0 && update.Weight == 50);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void Run_GradientsAreAskedFor_SendsTheLargestOfTheFullSort(bool includesActive, bool atStart)
    {
        ModelMask mask = PruningModels.Mask(Schema, 0.2, 1);
        LocalTraining settings = Settings();
        settings.Gradients = new GradientDemand { BatchSize = 1000, IncludeActive = includesActive, AtStart = atStart };
        settings.Gradients.Layers.Add(new LayerGradients { Layer = 0, Count = 25 });
        float[] start = Start(mask);

        ClientUpdate update = Run(mask, settings, start);
        SectionHeader header = update.Headers()[^1];
        float[] sent = TopGradientsOf(update);

        float[] local = new float[Schema.ParameterCount], gradient = new float[Schema.ParameterCount];
        mask.Unpack(update.Floats(SectionRole.Delta), local);
        for (int i = 0; i < local.Length; i++)
        {
            local[i] = atStart ? start[i] : local[i] + start[i];
        }

        SoftmaxObjective objective = Objective();
        objective.LossAndGradient(local, [.. Enumerable.Range(0, 50)], gradient);
        int[] expected = [.. Enumerable.Range(0, Features * Classes).Where(i => includesActive || !mask.IsActive(0, i)).OrderByDescending(i => Math.Abs(gradient[i])).ThenBy(i => i).Take(25).Order()];
        Assert.Equal(expected, Enumerable.Range(0, sent.Length).Where(i => sent[i] != 0));
        Assert.All(expected, i => Assert.Equal(gradient[i], sent[i], 1e-6f));
        Assert.InRange((int)header.ByteLength, 25 * 5, TopGradients.MostBytes(25));
    }

    [Theory]
    [InlineData("fednova")]
    [InlineData("qfedavg")]
    public void Run_HalfThatScalesItsDifference_TakesGradientsWhereItsStepsEnded(string algorithm)
    {
        ModelMask mask = PruningModels.Mask(Schema, 0.2, 1);
        LocalTraining settings = Settings();
        settings.Parameters["q"] = 1;
        settings.Gradients = new GradientDemand { BatchSize = 1000 };
        settings.Gradients.Layers.Add(new LayerGradients { Layer = 0, Count = 25 });
        float[] start = Start(mask);

        float[] expected = TopGradientsOf(Run(mask, settings, start));
        ClientUpdate update = Run(mask, settings, start, ClientAlgorithms.Find(algorithm));

        // The difference that it sends is another than that of FedAvg, but it took the same steps.
        Assert.NotEqual(Run(mask, settings, start).Floats(SectionRole.Delta).ToArray(), update.Floats(SectionRole.Delta).ToArray());
        Assert.Equal(expected, TopGradientsOf(update));
    }

    [Fact]
    public void Run_HalfThatMeasuresLosses_TellsTheSolverOfTheMask()
    {
        ModelMask mask = PruningModels.Mask(Schema, 0.2, 1);
        var solver = new MaskRecorder(Objective());

        Run(mask, Settings(), Start(mask), ClientAlgorithms.Find("qfedavg"), solver);

        Assert.Equal([mask], solver.Evaluated);
        Assert.Null(solver.Mask);
    }

    [Fact]
    public void Run_DemandOfAnUnknownLayer_Throws()
    {
        ModelMask mask = PruningModels.Mask(Schema, 0.2, 1);
        LocalTraining settings = Settings();
        settings.Gradients = new GradientDemand { BatchSize = 5 };
        settings.Gradients.Layers.Add(new LayerGradients { Layer = 1, Count = 3 });

        Assert.ThrowsAny<Exception>(() => Run(mask, settings, Start(mask)));
    }

    private static LocalTraining Settings() => new()
    {
        Algorithm = "fedavg",
        Epochs = 3,
        BatchSize = 8,
        LearningRate = 0.2,
        Momentum = 0.9,
        WeightDecay = 0.01,
        Proximal = 0.1,
        ClipNorm = 0.5,
        Seed = 3,
        ClientIndex = 4,
    };

    private static float[] Start(ModelMask mask)
    {
        float[] start = PruningModels.Gaussian(Schema.ParameterCount, 3);
        mask.Apply(start);
        return start;
    }

    private static SoftmaxObjective Objective()
    {
        var random = new CounterRandom(5, RandomPurpose.Test);
        float[] features = new float[50 * Features];
        random.FillGaussian(features, 0, 1);
        var objective = new SoftmaxObjective(Features, Classes);
        objective.Select(new ExampleSet(features, Features, Enumerable.Range(0, 50).Select(i => i % Classes).ToArray()), Enumerable.Range(0, 50).ToArray());
        return objective;
    }

    private static float[] TopGradientsOf(ClientUpdate update)
    {
        SectionHeader header = update.Headers()[^1];
        float[] sent = new float[header.Spec.ElementCount];
        Frames.Decode(update.Payload.Span[^(int)header.ByteLength..], sent);
        return sent;
    }

    private static ClientUpdate Run(ModelMask mask, LocalTraining settings, float[] start, IClientAlgorithm? algorithm = null, IMaskedSolver? solver = null)
    {
        var client = new MaskedClient(algorithm ?? new FedAvgClient(), mask);
        IReadOnlyList<SectionSpec> sections = client.Sections(Schema, settings, "worker");
        var update = new ClientUpdate(sections, new byte[ClientUpdate.PayloadLength(sections)]);
        var task = new ClientTask { Schema = Schema, Parameters = start, Settings = settings, Round = 2 };
        Assert.Equal(ClientOutcome.Completed, client.Run(task, solver ?? new SgdSolver(Objective()), update, TestContext.Current.CancellationToken));
        return update;
    }

    /// <summary>y ← y − η m, m ← ρ m + M ∘ clip(∇f) + λ y + μ (y − x), in float64, with the gradient masked before it is clipped.</summary>
    private static float[] Reference(ModelMask mask, LocalTraining settings, float[] start)
    {
        SoftmaxObjective objective = Objective();
        var batches = new BatchSchedule();
        batches.Start(new TrainingKey(settings.Seed, settings.ClientIndex, 2), 50, (int)settings.BatchSize);
        double[] y = [.. start.Select(value => (double)value)], momentum = new double[y.Length];
        float[] gradient = new float[y.Length];
        for (int step = 0; step < 3 * 7; step++)
        {
            objective.LossAndGradient([.. y.Select(value => (float)value)], batches.Next(), gradient);
            mask.Apply(gradient);
            double norm = Math.Sqrt(gradient.Sum(value => (double)value * value)), scale = Math.Min(1, settings.ClipNorm / norm);
            for (int i = 0; i < y.Length; i++)
            {
                momentum[i] = (settings.Momentum * momentum[i]) + (gradient[i] * scale) + (settings.WeightDecay * y[i]) + (settings.Proximal * (y[i] - start[i]));
                y[i] -= settings.LearningRate * momentum[i];
            }
        }

        return [.. y.Select(value => (float)value)];
    }

    /// <summary>Notes under which masks its objective is evaluated.</summary>
    private sealed class MaskRecorder(SoftmaxObjective inner) : IMaskedSolver, IObjective
    {
        private readonly SgdSolver _solver = new(inner);

        public IObjective Objective => this;

        public ModelMask? Mask { get; private set; }

        public List<ModelMask?> Evaluated { get; } = [];

        public int ParameterCount => inner.ParameterCount;

        public int ExampleCount => inner.ExampleCount;

        public void UseMask(ModelMask? mask)
        {
            Mask = mask;
            _solver.UseMask(mask);
        }

        public LocalSgdResult Solve(
            LocalSgdPlan plan, TrainingKey key, ReadOnlySpan<float> start, ReadOnlySpan<float> correction, Span<float> local, CancellationToken stop = default) =>
            _solver.Solve(plan, key, start, correction, local, stop);

        public double LossAndGradient(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch, Span<float> gradient) => inner.LossAndGradient(parameters, batch, gradient);

        public double Loss(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch) => inner.Loss(parameters, batch);

        public Evaluation Evaluate(ReadOnlySpan<float> parameters, CancellationToken cancellationToken = default)
        {
            Evaluated.Add(Mask);
            return inner.Evaluate(parameters, cancellationToken);
        }
    }
}
