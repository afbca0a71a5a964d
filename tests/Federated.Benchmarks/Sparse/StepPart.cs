using System.Collections.Immutable;
using Federated.Benchmarks.Framework;
using Federated.Client.Pruning;
using Federated.Client.Sparse;
using Federated.Client.Training;
using Federated.Numerics;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.Simulation.Models;

namespace Federated.Benchmarks.Sparse;

/// <summary>Local steps of ResNet-18 on 32×32 images, batch 16, with momentum, and an adjustment round of FedTiny on its last stage.</summary>
internal static class StepPart
{
    private const int Batch = 16;
    private const int Steps = 4;
    private const int Turns = 4;
    private const int LocalSteps = 16;
    private static readonly double[] Densities = [0.001, 0.01, 0.05, 0.1];

    public static void Run(BenchmarkContext context)
    {
        ModelDefinition definition = ModelZoo.Create("resnet18", ModelShape.Image(3, 32, 32), 10);
        ModelContent content = definition.Initialise(1);
        float[] features = new float[Batch * Steps * 3072];
        new CounterRandom(4, RandomPurpose.Test).FillUniform(features, -1, 1);
        var examples = new ExampleSet(features, 3072, Enumerable.Range(0, Batch * Steps).Select(i => i % 10).ToArray());
        int[] rows = [.. Enumerable.Range(0, examples.Count)];
        using ModelWorker torch = definition.CreateWorker();
        torch.Objective.Select(examples, rows);
        foreach (double density in Densities)
        {
            ModelMask mask = MaskOf(content, density);
            var objective = new MaskedSparseObjective(ZooArchitecture.Of(content.Schema, 3, 32, 32), content.Schema, Environment.ProcessorCount);
            objective.Select(examples, rows);
            Measure(context, density, mask, content, (IMaskedSolver)torch.Solver, objective);
        }
    }

    private static void Measure(BenchmarkContext context, double density, ModelMask mask, ModelContent content, IMaskedSolver dense, MaskedSparseObjective objective)
    {
        var plan = new LocalSgdPlan { Steps = Steps, BatchSize = Batch, LearningRate = 0.01, Momentum = 0.9 };
        var sparse = new SparseSolver(objective);
        float[] local = new float[mask.ParameterCount];
        var key = new TrainingKey(1, 1, 1);
        dense.UseMask(mask);
        sparse.UseMask(mask);
        float[] parameters = [.. content.Parameters];
        mask.Apply(parameters);
        double[] best = Interleaved.Best(
            Turns,
            () => dense.Solve(plan, key, parameters, [], local),
            () => sparse.Solve(plan, key, parameters, [], local));
        Figures.Add(context, "sparse.step", density, best[0] / best[1], value => value == 0.01 ? 2 : null);
        if (density == 0.01)
        {
            context.Tell("sparse.step.dense", best[0] / Steps * 1e3, "ms");
            context.Tell("sparse.step.sparse", best[1] / Steps * 1e3, "ms");

            // Weights, gradient and momentum, and of the sparse way where the weights are.
            SparseObjective packed = objective.Current();
            double state = packed.StructureBytes + (3.0 * sizeof(float) * packed.ParameterCount);
            context.AtMost("sparse.step.memory", state / (3.0 * sizeof(float) * mask.ParameterCount), 0.15);
            Select(context, mask, parameters, objective, best[1] / Steps);
        }
    }

    /// <summary>The time that the heaps add to an adjustment round of some local steps: the same pass with and without offering its rows.</summary>
    private static void Select(BenchmarkContext context, ModelMask mask, float[] parameters, MaskedSparseObjective objective, double step)
    {
        ImmutableArray<LayerDemand> layers = [.. Enumerable.Range(0, mask.Layers.Length)
            .Where(layer => mask.Layers[layer].Name.Contains("stage512", StringComparison.Ordinal))
            .Select(layer => new LayerDemand(layer, Math.Max(1, mask.CountOf(layer) * 3 / 10)))];
        var request = new GradientRequest(mask, layers);
        int[] indices = new int[request.MostCoordinates], batch = [.. Enumerable.Range(0, Batch)];
        float[] values = new float[request.MostCoordinates];
        double[] best = Interleaved.Best(
            3,
            () => objective.SelectGradients(parameters, batch, request, indices, values),
            () => objective.SelectGradients(parameters, batch, request with { Layers = [.. layers.Select(layer => layer with { Count = 0 })] }, indices, values));
        context.Tell("sparse.selection.gradients", (best[1] - step) * 1e3, "ms");
        context.Tell("sparse.selection.heaps", (best[0] - best[1]) * 1e3, "ms");
        context.AtMost("sparse.selection.share", (best[0] - best[1]) / ((LocalSteps * step) + best[1]), 0.1);
    }

    private static ModelMask MaskOf(ModelContent content, double density) => ModelMask.OfLargest(
        content.Schema,
        1,
        content.Parameters,
        [.. PrunableLayer.Of(content.Schema).Select(layer => Math.Max(1, (int)(layer.Count * density)))]);
}
