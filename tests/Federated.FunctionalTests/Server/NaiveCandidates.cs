using Federated.Client.Sparse;
using Federated.Client.Training;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;

namespace Federated.FunctionalTests.Server;

/// <summary>
/// The choice among candidates in plain float64 loops: a network of two linear layers with batch norm and ReLU between them. Every device's examples are one batch.
/// </summary>
internal static class NaiveCandidates
{
    public const int Features = 12;
    public const int Hidden = 16;
    public const int Outputs = 4;

    private const double Epsilon = 1e-5;

    public static SparseArchitecture Architecture { get; } = new()
    {
        Channels = Features,
        Layers =
        [
            new SparseLayer { Kind = SparseLayerKind.Linear, Name = "fc1", Outputs = Hidden },
            new SparseLayer { Kind = SparseLayerKind.BatchNorm, Name = "norm" },
            new SparseLayer { Kind = SparseLayerKind.Relu },
            new SparseLayer { Kind = SparseLayerKind.Linear, Name = "fc2", Outputs = Outputs },
        ],
    };

    public static ModelSchema Schema { get; } = new(
    [
        new TensorSpec("fc1.weight", [Hidden, Features]),
        new TensorSpec("norm.weight", [Hidden]),
        new TensorSpec("norm.bias", [Hidden]),
        new TensorSpec("fc2.weight", [Outputs, Hidden]),
        new TensorSpec("fc2.bias", [Outputs]),
        new TensorSpec("norm.running_mean", [Hidden], TensorPart.Statistic, Trainable: false),
        new TensorSpec("norm.running_var", [Hidden], TensorPart.Statistic, Trainable: false),
    ]);

    /// <summary>The best mask, and mean and variance of every channel of all devices' values together.</summary>
    /// <param name="masks">The candidates.</param>
    /// <param name="start">The model.</param>
    /// <param name="described">Examples of the devices whose statistics count.</param>
    /// <param name="judged">Examples of the devices whose losses count.</param>
    public static (ModelMask Best, double[] Statistics, double[] Losses) Choose(
        IReadOnlyList<ModelMask> masks, float[] start, IReadOnlyList<ExampleSet> described, IReadOnlyList<ExampleSet> judged)
    {
        var judgements = masks.Select(mask =>
        {
            float[] parameters = [.. start];
            mask.Apply(parameters);
            double[][] values = [.. described.SelectMany(Rows).Select(row => Inputs(parameters, row.Features))];
            double[] means = [.. Enumerable.Range(0, Hidden).Select(j => values.Average(value => value[j]))];
            double[] variances = [.. Enumerable.Range(0, Hidden).Select(j => values.Average(value => Math.Pow(value[j] - means[j], 2)))];
            var loss = judged.SelectMany(Rows).Average(row => Loss(parameters, row.Features, row.Label, means, variances));
            return (Mask: mask, Statistics: (double[])[.. means, .. variances], Loss: loss);
        }).ToArray();
        var best = judgements.MinBy(judgement => judgement.Loss);
        return (best.Mask, best.Statistics, [.. judgements.Select(judgement => judgement.Loss)]);
    }

    private static IEnumerable<(float[] Features, int Label)> Rows(ExampleSet set) =>
        Enumerable.Range(0, set.Count).Select(row => (set.Features.Slice(row * Features, Features).ToArray(), set.Labels.Span[row]));

    private static double[] Inputs(float[] parameters, float[] features) =>
        [.. Enumerable.Range(0, Hidden).Select(j => Enumerable.Range(0, Features).Sum(i => (double)parameters[(j * Features) + i] * features[i]))];

    private static double Loss(float[] parameters, float[] features, int label, double[] means, double[] variances)
    {
        int scale = Hidden * Features, shift = scale + Hidden, weights = shift + Hidden, bias = weights + (Outputs * Hidden);
        double[] inputs = Inputs(parameters, features);
        double[] hidden = [.. inputs.Select((value, j) => Math.Max(0, ((value - means[j]) / Math.Sqrt(variances[j] + Epsilon) * parameters[scale + j]) + parameters[shift + j]))];
        double[] scores = [.. Enumerable.Range(0, Outputs).Select(k => hidden.Select((value, j) => value * parameters[weights + (k * Hidden) + j]).Sum() + parameters[bias + k])];
        return Math.Log(scores.Sum(Math.Exp)) - scores[label];
    }
}
