using Federated.Benchmarks.Framework;
using Federated.Client.Sparse;
using Federated.Client.Sparse.Inference;
using Federated.Client.Sparse.Layout;
using Federated.Numerics;
using TorchSharp;

namespace Federated.Benchmarks.Sparse;

/// <summary>A 3×3 convolution of 128 to 256 channels on 16×16 images, batch 16: a panel of half the batch for each of two cores.</summary>
internal static class ConvolutionPart
{
    private const int Batch = 16;
    private const int Inputs = 128;
    private const int Outputs = 256;
    private const int Side = 16;

    public static void Run(BenchmarkContext context)
    {
        using torch.Tensor weight = torch.randn(Outputs, Inputs, 3, 3), input = torch.randn(Batch, Inputs, Side, Side);
        using IDisposable noGradient = torch.no_grad();
        int workers = Math.Min(Environment.ProcessorCount, Batch);
        ConvolutionStep[][] steps = [.. RandomMatrix.Densities.Select(density => Steps(RandomMatrix.Of(Outputs, Inputs * 9, density), workers))];
        Action[] sparse = [.. steps.Select(panels => Figures.Repeat(() => Parallel.For(0, panels.Length, i => panels[i].Run())))];
        double[] best = Interleaved.Best(
            2 * Interleaved.DefaultTurns,
            [() => torch.nn.functional.conv2d(input, weight, padding: [1, 1]).Dispose(), .. sparse]);
        context.Tell("sparse.conv.dense", best[0] * 1e3, "ms");
        for (int i = 0; i < sparse.Length; i++)
        {
            Figures.Add(context, "sparse.conv", RandomMatrix.Densities[i], Figures.Repeats * best[0] / best[i + 1], density => density switch { 0.01 => 5, 0.05 => 1.3, _ => null });
        }
    }

    private static ConvolutionStep[] Steps(CsrMatrix matrix, int workers) => [.. Enumerable.Range(0, workers).Select(_ =>
    {
        int lanes = (Batch + workers - 1) / workers;
        var input = new Activation(new ActivationLayout(Inputs, Side, Side, 1, lanes));
        PanelPacking.Pack(Images(lanes), lanes, input);
        var layer = new SparseLayer { Kind = SparseLayerKind.Convolution, Outputs = Outputs, Kernel = 3, Padding = 1 };
        var output = new Activation(new ActivationLayout(Outputs, Side, Side, 0, lanes));
        return new ConvolutionStep(new SparseLayerWeights(matrix, default, default), new ConvolutionSource(input, layer, Side, Side), output, null, relu: false);
    })];

    private static float[] Images(int count)
    {
        float[] images = new float[count * Inputs * Side * Side];
        new CounterRandom(3, RandomPurpose.Test).FillUniform(images, -1, 1);
        return images;
    }
}
