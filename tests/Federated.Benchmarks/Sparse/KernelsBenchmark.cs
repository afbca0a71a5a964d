using System.Collections.Immutable;
using System.Globalization;
using Federated.Benchmarks.Framework;
using Federated.Client.Sparse;
using Federated.Client.Torch;
using Federated.Client.Training;
using Federated.Numerics;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.Simulation.Models;

namespace Federated.Benchmarks.Sparse;

/// <summary>
/// Local steps of batches of 16 as a worker of the simulator takes them, one thread for either way: speed-up of the sparse runtime over masked libtorch by the share of the multiply-adds that are left, and
/// the share at which both take the same time. The simulator's table of break-even shares is written down from these figures.
/// </summary>
internal sealed class KernelsBenchmark : IBenchmark
{
    private const int Batch = 16;
    private const int Turns = 3;
    private static readonly double[] Densities = [0.01, 0.1, 0.2, 0.4, 0.7];

    public string Name => "kernels";

    public string Summary => "local steps of the simulator's models with sparse and with dense kernels, by density";

    public Task RunAsync(BenchmarkContext context)
    {
        TorchRuntime.Initialise(new TorchRuntimeOptions { IntraOpThreads = 1 });
        foreach ((string model, int steps) in ((string, int)[])[("cnn", 8), ("cnn-bn", 8), ("cnn-bn:32", 8), ("resnet18:16", 2), ("resnet18", 1)])
        {
            Measure(context, model, steps);
        }

        return Task.CompletedTask;
    }

    private static void Measure(BenchmarkContext context, string model, int steps)
    {
        var shape = ModelShape.Image(1, 28, 28);
        ModelDefinition definition = ModelZoo.Create(model, shape, 10);
        ModelContent content = definition.Initialise(1);
        float[] features = new float[Batch * steps * shape.FeatureLength];
        new CounterRandom(4, RandomPurpose.Test).FillUniform(features, -1, 1);
        var examples = new ExampleSet(features, shape.FeatureLength, Enumerable.Range(0, Batch * steps).Select(i => i % 10).ToArray());
        int[] rows = [.. Enumerable.Range(0, examples.Count)];
        using ModelWorker torch = definition.CreateWorker();
        torch.Objective.Select(examples, rows);
        var dense = (IMaskedSolver)torch.Solver;
        var objective = new MaskedSparseObjective(ZooArchitecture.Of(content.Schema, 1, 28, 28), content.Schema);
        objective.Select(examples, rows);
        var sparse = new SparseSolver(objective);
        var plan = new LocalSgdPlan { Steps = steps, BatchSize = Batch, LearningRate = 0.01, Momentum = 0.9 };
        var key = new TrainingKey(1, 1, 1);
        (double Share, double Speedup) before = default;
        double? even = null;
        context.Tell($"kernels.{model}.macs", definition.MeasureCost().Macs, "multiply-adds");
        foreach (double density in Densities)
        {
            ImmutableArray<PrunableLayer> layers = PrunableLayer.Of(content.Schema);
            ModelMask mask = ModelMask.OfLargest(content.Schema, 1, content.Parameters, [.. layers.Select(layer => Math.Max(layer.Fewest, (int)(layer.Count * density)))]);
            float[] parameters = [.. content.Parameters], local = new float[mask.ParameterCount];
            mask.Apply(parameters);
            dense.UseMask(mask);
            sparse.UseMask(mask);
            double[] best = Interleaved.Best(Turns, () => dense.Solve(plan, key, parameters, [], local), () => sparse.Solve(plan, key, parameters, [], local));
            double speedup = best[0] / best[1];
            Figures.Add(context, $"kernels.{model}", density, speedup, _ => null);
            context.Tell(string.Create(CultureInfo.InvariantCulture, $"kernels.{model}.{density}.step"), best[1] / steps * 1e3, "ms");
            if (speedup < 1 && even is null && before.Speedup >= 1)
            {
                even = before.Share + ((density - before.Share) * (before.Speedup - 1) / (before.Speedup - speedup));
            }

            before = (density, speedup);
        }

        context.Tell($"kernels.{model}.even", even ?? 1, "share");
    }
}
