using Federated.Client.Sparse;
using Federated.Client.Training;
using Federated.Numerics;
using Federated.Protocol.Models;
using Federated.Simulation.Data;
using Federated.Simulation.Models;
using Federated.Simulation.Partitions;
using Federated.UnitTests.Sparse;

namespace Federated.UnitTests.Coordination.Pruning;

/// <summary>
/// The task on which the choice among candidates is judged: a network 32-96-96-96-10 with batch norm, trained by the server on data of which every feature is scaled and shifted, so that its
/// statistics do not fit what ten clients (Dirichlet 0.5) hold.
/// </summary>
internal sealed class ShiftedTask
{
    public const int Clients = 10;

    private const int Features = 32;
    private const int Classes = 10;
    private const int Width = 96;
    private const int Examples = 1600;
    private const int TestExamples = 1000;
    private const int ServerExamples = 1000;

    public ShiftedTask(ulong seed)
    {
        var random = new CounterRandom(seed, RandomPurpose.Test, 23);
        float[][] centres = [.. Enumerable.Range(0, Classes).Select(_ => Gaussian(random, Features, 0.5))];
        (Set, int[] rows) = (Draw(random, centres, Examples + TestExamples, _ => 1, _ => 0), [.. Enumerable.Range(0, Examples)]);
        Test = [.. Enumerable.Range(Examples, TestExamples)];
        var dataset = new Dataset
        {
            Name = "shifted",
            Format = DatasetFormat.Csv,
            Shape = ModelShape.Flat(Features),
            Examples = Set,
            ClassNames = [.. Enumerable.Range(0, Classes).Select(label => $"{label}")],
            Train = rows,
            Test = Test,
        };
        Rows = [.. Partitioner.Deal(dataset, PartitionSpec.Parse("dirichlet:0.5"), Clients, 1, seed).Select(client => client.Rows)];

        float[] scale = [.. Gaussian(random, Features, 0.5).Select(MathF.Exp)], shift = Gaussian(random, Features, 0.7);
        Start = Pretrain(seed, Draw(random, centres, ServerExamples, i => scale[i], i => shift[i]));
    }

    public static SparseArchitecture Architecture { get; } = new()
    {
        Channels = Features,
        Layers =
        [
            .. Enumerable.Range(1, 3).SelectMany(i => (SparseLayer[])
            [
                new SparseLayer { Kind = SparseLayerKind.Linear, Name = $"fc{i}", Outputs = Width },
                new SparseLayer { Kind = SparseLayerKind.BatchNorm, Name = $"norm{i}" },
                new SparseLayer { Kind = SparseLayerKind.Relu },
            ]),
            new SparseLayer { Kind = SparseLayerKind.Linear, Name = "fc4", Outputs = Classes },
        ],
    };

    public static ModelSchema Schema { get; } = SparseModels.SchemaOf(Architecture);

    public ExampleSet Set { get; }

    /// <summary>The clients' rows.</summary>
    public int[][] Rows { get; }

    public int[] Test { get; }

    /// <summary>The model of the server.</summary>
    public ModelContent Start { get; }

    public ModelContent Copy() => new(Schema, [.. Start.Parameters], [.. Start.Statistics], [.. Start.Counts]);

    private static ModelContent Pretrain(ulong seed, ExampleSet set)
    {
        var model = ModelContent.Zeros(Schema);
        var random = new CounterRandom(seed, RandomPurpose.Initialisation);
        int at = 0;
        foreach (TensorSpec tensor in Schema.Of(TensorPart.Parameter))
        {
            Span<float> values = model.Parameters.AsSpan(at, (int)tensor.ElementCount);
            if (tensor.Shape.Length == 2)
            {
                random.FillGaussian(values, 0, Math.Sqrt(2.0 / tensor.Shape[1]));
            }
            else
            {
                values.Fill(tensor.Name.StartsWith("norm", StringComparison.Ordinal) && tensor.Name.EndsWith("weight", StringComparison.Ordinal) ? 1 : 0);
            }

            at += values.Length;
        }

        var objective = new MaskedSparseObjective(Architecture, Schema);
        objective.Select(set, Enumerable.Range(0, set.Count).ToArray());
        objective.LoadStatistics([.. Enumerable.Repeat(Enumerable.Repeat(0f, Width).Concat(Enumerable.Repeat(1f, Width)), 3).SelectMany(values => values)], model.Counts);
        var plan = new LocalSgdPlan { Epochs = 12, BatchSize = 50, LearningRate = 0.1, Momentum = 0.9 };
        new SparseSolver(objective).Solve(plan, new TrainingKey(seed, 0, 0), [.. model.Parameters], [], model.Parameters, TestContext.Current.CancellationToken);
        objective.StoreStatistics(model.Statistics, model.Counts);
        return model;
    }

    /// <summary>Examples around the centres of their classes, then scaled and shifted feature by feature.</summary>
    private static ExampleSet Draw(CounterRandom random, float[][] centres, int count, Func<int, float> scale, Func<int, float> shift)
    {
        float[] features = new float[count * Features];
        int[] labels = new int[count];
        for (int row = 0; row < count; row++)
        {
            int label = random.NextInt(centres.Length);
            labels[row] = label;
            for (int i = 0; i < Features; i++)
            {
                features[(row * Features) + i] = (scale(i) * (centres[label][i] + (float)(0.5 * random.NextGaussian()))) + shift(i);
            }
        }

        return new ExampleSet(features, Features, labels);
    }

    private static float[] Gaussian(CounterRandom random, int length, double deviation)
    {
        float[] values = new float[length];
        random.FillGaussian(values, 0, deviation);
        return values;
    }
}
