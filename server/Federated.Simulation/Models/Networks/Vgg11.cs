using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Federated.Simulation.Models.Networks;

/// <summary>The eight convolutions of VGG-11 with batch norm in five stages, each ended by 2×2 pooling, then the mean over the image and one linear layer.</summary>
internal sealed class Vgg11 : nn.Module<Tensor, Tensor>
{
    // Channels in multiples of the first layer's, by stage.
    private static readonly int[][] Stages = [[1], [2], [4, 4], [8, 8], [8, 8]];

    private readonly Sequential layers;
    private readonly Linear fc;

    public Vgg11(ModelShape shape, int classes, int width)
        : base("vgg11")
    {
        var parts = new List<(string, nn.Module<Tensor, Tensor>)>();
        int channels = shape.Dimensions[0];
        for (int stage = 0; stage < Stages.Length; stage++)
        {
            for (int i = 0; i < Stages[stage].Length; i++)
            {
                int next = width * Stages[stage][i];
                string name = $"{stage + 1}{(char)('a' + i)}";
                parts.Add(("conv" + name, nn.Conv2d(channels, next, 3, padding: 1, bias: false)));
                parts.Add(("norm" + name, nn.BatchNorm2d(next)));
                parts.Add(("relu" + name, nn.ReLU()));
                channels = next;
            }

            parts.Add(($"pool{stage + 1}", nn.MaxPool2d(2)));
        }

        layers = nn.Sequential(parts);
        fc = nn.Linear(channels, classes);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input) => fc.call(layers.call(input).mean([2, 3]));
}
