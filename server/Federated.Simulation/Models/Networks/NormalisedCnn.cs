using Federated.Client.Torch.Models;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Federated.Simulation.Models.Networks;

/// <summary>Three padded 3×3 convolutions, each with batch norm and ReLU and twice the channels of the one before, 2×2 pooling after the first two, the mean over the image, one linear layer.</summary>
internal sealed class NormalisedCnn : nn.Module<Tensor, Tensor>
{
    private readonly Conv2d conv1;
    private readonly BatchNorm2d norm1;
    private readonly Conv2d conv2;
    private readonly BatchNorm2d norm2;
    private readonly Conv2d conv3;
    private readonly BatchNorm2d norm3;
    private readonly Linear fc;

    public NormalisedCnn(ModelShape shape, int classes, int width)
        : base("cnn-bn")
    {
        conv1 = nn.Conv2d(shape.Dimensions[0], width, 3, padding: 1, bias: false);
        norm1 = nn.BatchNorm2d(width);
        conv2 = nn.Conv2d(width, 2 * width, 3, padding: 1, bias: false);
        norm2 = nn.BatchNorm2d(2 * width);
        conv3 = nn.Conv2d(2 * width, 4 * width, 3, padding: 1, bias: false);
        norm3 = nn.BatchNorm2d(4 * width);
        fc = nn.Linear(4 * width, classes);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        Tensor features = Pooling.Max2x2(nn.functional.relu(norm1.call(conv1.call(input))));
        features = Pooling.Max2x2(nn.functional.relu(norm2.call(conv2.call(features))));
        features = nn.functional.relu(norm3.call(conv3.call(features)));
        return fc.call(features.mean([2, 3]));
    }
}
