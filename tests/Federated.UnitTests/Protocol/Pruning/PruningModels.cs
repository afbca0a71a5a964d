using Federated.Numerics;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;

namespace Federated.UnitTests.Protocol.Pruning;

/// <summary>Models and masks for tests.</summary>
internal static class PruningModels
{
    /// <summary>A convolution, its normalisation and a linear layer.</summary>
    public static ModelSchema Small { get; } = new(
    [
        new("conv.weight", [4, 2, 3, 3]),
        new("norm.weight", [4]),
        new("norm.bias", [4]),
        new("norm.running_mean", [4], TensorPart.Statistic),
        new("norm.running_var", [4], TensorPart.Statistic),
        new("fc.weight", [10, 4]),
        new("fc.bias", [10]),
    ]);

    /// <summary>The shapes of a network with many layers of different sizes.</summary>
    public static ModelSchema Deep { get; } = new(
    [
        new("conv1.weight", [16, 3, 3, 3]),
        new("conv2.weight", [32, 16, 3, 3]),
        new("conv2.bias", [32]),
        new("conv3.weight", [64, 32, 1, 1]),
        new("conv4.weight", [64, 64, 3, 3]),
        new("fc1.weight", [50, 64]),
        new("fc1.bias", [50]),
        new("fc2.weight", [10, 50]),
    ]);

    public static float[] Gaussian(int length, uint stream)
    {
        float[] values = new float[length];
        new CounterRandom(7, RandomPurpose.Test, stream).FillGaussian(values, 0, 1);
        return values;
    }

    /// <summary>A mask of random coordinates.</summary>
    public static ModelMask Mask(ModelSchema schema, double density, uint stream, long epoch = 1)
    {
        var random = new CounterRandom(8, RandomPurpose.Test, stream);
        return ModelMask.Create(schema, epoch, [.. PrunableLayer.Of(schema).Select(layer => Sorted(random.Choose(layer.Count, Math.Max(1, (int)(density * layer.Count)))))]);
    }

    private static int[] Sorted(int[] indices)
    {
        Array.Sort(indices);
        return indices;
    }
}
