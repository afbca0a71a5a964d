using Federated.Client.Torch.Models;
using Federated.Client.Torch.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Federated.Simulation.Models.Networks;

/// <summary>Two padded 5×5 convolutions of 16 and 32 channels with ReLU and 2×2 pooling, then one linear layer (the CNN_MNIST of DeComFL).</summary>
internal sealed class SmallCnn : nn.Module<Tensor, Tensor>
{
    private readonly Conv2d conv1;
    private readonly Conv2d conv2;
    private readonly MaskedDropout dropout;
    private readonly Linear fc;

    public SmallCnn(ModelShape shape, int classes, ModelOptions options, MaskSource masks)
        : base("cnn")
    {
        conv1 = nn.Conv2d(shape.Dimensions[0], 16, 5, padding: 2);
        conv2 = nn.Conv2d(16, 32, 5, padding: 2);
        dropout = new MaskedDropout(masks, options.Dropout);
        fc = nn.Linear(32 * (shape.Dimensions[1] / 4) * (shape.Dimensions[2] / 4), classes);
        RegisterComponents();
    }

    // ReLU commutes with the maximum; after pooling it has a quarter of the values.
    public override Tensor forward(Tensor input)
    {
        Tensor features = nn.functional.relu(Pooling.Max2x2(conv1.call(input)));
        features = nn.functional.relu(Pooling.Max2x2(conv2.call(features)));
        return fc.call(dropout.call(features.flatten(1)));
    }
}
