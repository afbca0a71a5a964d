using Federated.Benchmarks.Framework;
using Federated.Client.Sparse;
using Federated.Numerics;
using TorchSharp;

namespace Federated.Benchmarks.Sparse;

/// <summary>[512 × 4608] · [4608 × 1024]. The right-hand side lies in panels, as the runtime holds activations; libtorch has its own packing inside.</summary>
internal static class LinearPart
{
    private const int Rows = 512;
    private const int Columns = 4608;
    private const int Width = 1024;

    public static void Run(BenchmarkContext context)
    {
        using torch.Tensor weight = torch.randn(Rows, Columns), input = torch.randn(Columns, Width);
        var panels = new AlignedFloats(Columns * Width);
        new CounterRandom(2, RandomPurpose.Test).FillUniform(panels.Memory.Span, -1, 1);
        var results = new AlignedFloats(Rows * Width);
        PanelProduct[] products = [.. RandomMatrix.Densities.Select(density => new PanelProduct(RandomMatrix.Of(Rows, Columns, density)))];
        Action[] sparse = [.. products.Select(product => Figures.Repeat(() => product.Multiply(panels.Memory, results.Memory, Environment.ProcessorCount)))];
        double[] best = Interleaved.Best(2 * Interleaved.DefaultTurns, [() => torch.mm(weight, input).Dispose(), .. sparse]);
        context.Tell("sparse.linear.dense", best[0] * 1e3, "ms");
        for (int i = 0; i < sparse.Length; i++)
        {
            Figures.Add(context, "sparse.linear", RandomMatrix.Densities[i], Figures.Repeats * best[0] / best[i + 1], density => density switch { 0.01 => 12, 0.1 => 1, _ => null });
        }
    }
}
