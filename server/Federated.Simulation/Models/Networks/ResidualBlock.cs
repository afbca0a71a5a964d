using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Federated.Simulation.Models.Networks;

/// <summary>Two 3×3 convolutions beside a shortcut, which is a 1×1 convolution where the size changes.</summary>
internal sealed class ResidualBlock : nn.Module<Tensor, Tensor>
{
    private readonly Conv2d conv1;
    private readonly nn.Module<Tensor, Tensor> norm1;
    private readonly Conv2d conv2;
    private readonly nn.Module<Tensor, Tensor> norm2;
    private readonly nn.Module<Tensor, Tensor>? shortcut;

    public ResidualBlock(int channels, int width, int stride, NormKind norm)
        : base("block")
    {
        conv1 = nn.Conv2d(channels, width, 3, stride: stride, padding: 1, bias: false);
        norm1 = Norm(norm, width);
        conv2 = nn.Conv2d(width, width, 3, padding: 1, bias: false);
        norm2 = Norm(norm, width);
        if (stride != 1 || channels != width)
        {
            shortcut = nn.Sequential(("conv", nn.Conv2d(channels, width, 1, stride: stride, bias: false)), ("norm", Norm(norm, width)));
        }

        RegisterComponents();
    }

    public static nn.Module<Tensor, Tensor> Norm(NormKind kind, int channels) =>
        kind == NormKind.Batch ? nn.BatchNorm2d(channels) : nn.GroupNorm(Math.Min(32, channels), channels);

    public override Tensor forward(Tensor input)
    {
        Tensor features = nn.functional.relu(norm1.call(conv1.call(input)));
        features = norm2.call(conv2.call(features));
        return nn.functional.relu(features + (shortcut is null ? input : shortcut.call(input)));
    }
}
