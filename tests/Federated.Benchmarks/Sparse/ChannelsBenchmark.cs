using System.Globalization;
using Federated.Benchmarks.Framework;
using Federated.Client.Sparse;
using Federated.Client.Torch;
using Federated.Client.Torch.Models;
using Federated.Coordination.Pruning;
using Federated.Numerics;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Simulation.Models;
using TorchSharp;

namespace Federated.Benchmarks.Sparse;

/// <summary>
/// What structured pruning is for: libtorch's dense kernels on a network whose dead channels have been removed, against the same network with its zeros. Masks are those that the method
/// <c>channels</c> gives drawn weights; what normalisation adds to a channel is drawn as well, so that dead channels are constants and not zeros.
/// </summary>
internal sealed class ChannelsBenchmark : IBenchmark
{
    private const int Batch = 16;

    public string Name => "channels";

    public string Summary => "dense inference of models that have lost channels, against the same models with zeros";

    public Task RunAsync(BenchmarkContext context)
    {
        TorchRuntime.Initialise(new TorchRuntimeOptions { IntraOpThreads = Environment.ProcessorCount });
        foreach (string model in (string[])["cnn-bn:32", "vgg11:32", "resnet18:32"])
        {
            foreach (double density in (double[])[0.5, 0.25])
            {
                Measure(context, model, density);
            }
        }

        return Task.CompletedTask;
    }

    private static void Measure(BenchmarkContext context, string model, double density)
    {
        ModelDefinition definition = ModelZoo.Create(model, ModelShape.Image(3, 32, 32), 10);
        ModelContent content = definition.Initialise(1);
        Draw(content);
        var settings = new PruningSettings { Method = "channels", Density = density, StopAdjusting = 0 };
        content.Use(PruningMethods.Create(settings, content.Schema, seed: 1)!.Candidates(content.Parameters)[0]);
        SparseNetwork network = SparseNetwork.FromModel(ZooArchitecture.Of(content.Schema, 3, 32, 32), content.Schema, content.Parameters, content.Statistics);
        SparseNetwork smaller = network.WithoutDeadChannels();
        using var before = new DenseNetwork(network);
        using var after = new DenseNetwork(smaller);
        using torch.Tensor images = torch.randn(Batch, 3, 32, 32);
        using IDisposable noGrad = torch.no_grad();
        double[] best = Interleaved.Best(Interleaved.DefaultTurns, () => before.call(images).Dispose(), () => after.call(images).Dispose());
        string name = string.Create(CultureInfo.InvariantCulture, $"channels.{model.Replace(":", "-", StringComparison.Ordinal)}.{density}");
        context.Tell($"{name}.weights", (double)smaller.DenseCount / network.DenseCount, "ratio");
        context.Tell($"{name}.speedup", best[0] / best[1], "ratio");
    }

    /// <summary>Channels of different weight, as training makes them, and shifts behind normalisation.</summary>
    private static void Draw(ModelContent content)
    {
        var random = new CounterRandom(3, RandomPurpose.Test);
        int at = 0;
        foreach (TensorSpec tensor in content.Schema.Of(TensorPart.Parameter))
        {
            Span<float> values = content.Parameters.AsSpan(at, (int)tensor.ElementCount);
            if (tensor.Shape.Length > 1)
            {
                int columns = values.Length / (int)tensor.Shape[0];
                for (int row = 0; row < tensor.Shape[0]; row++)
                {
                    float scale = MathF.Exp((float)random.NextGaussian() / 2);
                    foreach (ref float value in values.Slice(row * columns, columns))
                    {
                        value *= scale;
                    }
                }
            }
            else if (tensor.Name.EndsWith("bias", StringComparison.Ordinal))
            {
                random.FillGaussian(values, 0, 0.3);
            }

            at += values.Length;
        }
    }
}
