using Federated.Client.Sparse;
using Federated.Client.Torch;
using Federated.Client.Torch.Models;
using Federated.Client.Torch.Training;
using Federated.Protocol.Models;
using Federated.Simulation.Models;
using Federated.Simulation.Models.Networks;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Federated.UnitTests.Sparse;

/// <summary>The runtime against libtorch on a masked dense ResNet block.</summary>
public sealed class TorchEqualityTests
{
    [Theory]
    [InlineData(0.1)]
    [InlineData(1.0)]
    public void LossAndGradient_ResidualBlock_EqualsMaskedTorch(double density)
    {
        TorchRuntime.Initialise();
        var module = new FlatModule(new BlockNetwork());
        using var torch = new TorchObjective(module, [8, 16, 16], classes: 4);
        ModelContent content = SparseModels.Random(module.Schema, density);
        content.Statistics.AsSpan().Fill(1);
        var task = new SparseTask(Architecture(), density, 16, workers: 2, content: content);
        torch.Select(task.Examples, task.All);
        float[] dense = new float[content.Parameters.Length], sparse = new float[task.Packed.Length];

        double expected = torch.LossAndGradient(content.Parameters, task.All, dense);
        double loss = task.Objective.LossAndGradient(task.Packed, task.All, sparse);

        Assert.Equal(expected, loss, 1e-5);
        Closeness.Holds(task.Pack(dense).Select(value => (double)value), sparse);
    }

    private static SparseArchitecture Architecture() => new()
    {
        Channels = 8,
        Height = 16,
        Width = 16,
        Layers =
        [
            new SparseLayer { Kind = SparseLayerKind.Convolution, Name = "block.conv1", Outputs = 16, Kernel = 3, Stride = 2, Padding = 1 },
            new SparseLayer { Kind = SparseLayerKind.BatchNorm, Name = "block.norm1" },
            new SparseLayer { Kind = SparseLayerKind.Relu },
            new SparseLayer { Kind = SparseLayerKind.Convolution, Name = "block.conv2", Outputs = 16, Kernel = 3, Padding = 1 },
            new SparseLayer { Kind = SparseLayerKind.BatchNorm, Name = "block.norm2" },
            new SparseLayer { Kind = SparseLayerKind.Convolution, Name = "block.shortcut.conv", Inputs = [-1], Outputs = 16, Kernel = 1, Stride = 2 },
            new SparseLayer { Kind = SparseLayerKind.BatchNorm, Name = "block.shortcut.norm" },
            new SparseLayer { Kind = SparseLayerKind.Add, Inputs = [4, 6] },
            new SparseLayer { Kind = SparseLayerKind.Relu },
            new SparseLayer { Kind = SparseLayerKind.GlobalAveragePool },
            new SparseLayer { Kind = SparseLayerKind.Linear, Name = "fc", Outputs = 4 },
        ],
    };

    private sealed class BlockNetwork : nn.Module<Tensor, Tensor>
    {
        private readonly ResidualBlock _block = new(8, 16, 2, NormKind.Batch);
        private readonly Linear _fc = nn.Linear(16, 4);

        public BlockNetwork()
            : base("network")
        {
            register_module("block", _block);
            register_module("fc", _fc);
        }

        public override Tensor forward(Tensor input) => _fc.call(_block.call(input).mean([2, 3]));
    }
}
