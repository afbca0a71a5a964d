using Federated.Benchmarks.Framework;
using Federated.Client.Torch;

namespace Federated.Benchmarks.Sparse;

/// <summary>The sparse runtime against libtorch's dense kernels, both on all cores: a product, a convolution, a training step and the search for the largest gradients.</summary>
internal sealed class SparseBenchmark : IBenchmark
{
    public string Name => "sparse";

    public string Summary => "sparse products, convolutions and training steps against dense ones of libtorch, by density";

    public Task RunAsync(BenchmarkContext context)
    {
        TorchRuntime.Initialise(new TorchRuntimeOptions { IntraOpThreads = Environment.ProcessorCount });
        LinearPart.Run(context);
        ConvolutionPart.Run(context);
        StepPart.Run(context);
        return Task.CompletedTask;
    }
}
