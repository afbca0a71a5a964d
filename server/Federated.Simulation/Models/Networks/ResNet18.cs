using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Federated.Simulation.Models.Networks;

/// <summary>ResNet-18 for small images: a 3×3 stem without pooling, four stages of two blocks whose channels double (64 to 512 in the original), the mean over the image, one linear layer.</summary>
internal sealed class ResNet18 : nn.Module<Tensor, Tensor>
{
    private readonly Conv2d conv1;
    private readonly nn.Module<Tensor, Tensor> norm1;
    private readonly Sequential blocks;
    private readonly Linear fc;

    public ResNet18(ModelShape shape, int classes, NormKind norm, int channels)
        : base("resnet18")
    {
        conv1 = nn.Conv2d(shape.Dimensions[0], channels, 3, padding: 1, bias: false);
        norm1 = ResidualBlock.Norm(norm, channels);
        var stages = new List<(string, nn.Module<Tensor, Tensor>)>();
        int first = channels;
        for (int width = first; width <= 8 * first; width *= 2)
        {
            stages.Add(($"stage{width}a", new ResidualBlock(channels, width, width == first ? 1 : 2, norm)));
            stages.Add(($"stage{width}b", new ResidualBlock(width, width, 1, norm)));
            channels = width;
        }

        blocks = nn.Sequential(stages);
        fc = nn.Linear(channels, classes);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        Tensor features = nn.functional.relu(norm1.call(conv1.call(input)));
        return fc.call(blocks.call(features).mean([2, 3]));
    }
}
