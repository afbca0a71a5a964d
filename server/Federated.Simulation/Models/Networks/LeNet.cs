using Federated.Client.Torch.Models;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Federated.Simulation.Models.Networks;

/// <summary>
/// LeNet-5 with ReLU, as FedAMD trains it: 5×5 convolutions to 6 and 16 channels, each followed by 2×2 pooling, then 120, 84 and the classes. Images
/// below 20×20 are too small for two unpadded convolutions; theirs are padded by 2, so that 8×8 digits reach the linear layers as 2×2.
/// </summary>
internal sealed class LeNet : nn.Module<Tensor, Tensor>
{
    private readonly Conv2d conv1;
    private readonly Conv2d conv2;
    private readonly Linear fc1;
    private readonly Linear fc2;
    private readonly Linear fc3;

    public LeNet(ModelShape shape, int classes)
        : base("lenet")
    {
        int padding = Math.Min(shape.Dimensions[1], shape.Dimensions[2]) < 20 ? 2 : 0;
        conv1 = nn.Conv2d(shape.Dimensions[0], 6, 5, padding: padding);
        conv2 = nn.Conv2d(6, 16, 5, padding: padding);
        fc1 = nn.Linear(16 * Side(shape.Dimensions[1], padding) * Side(shape.Dimensions[2], padding), 120);
        fc2 = nn.Linear(120, 84);
        fc3 = nn.Linear(84, classes);
        RegisterComponents();
    }

    // ReLU commutes with the maximum; after pooling it has a quarter of the values.
    public override Tensor forward(Tensor input)
    {
        Tensor features = nn.functional.relu(Pooling.Max2x2(conv1.call(input)));
        features = nn.functional.relu(Pooling.Max2x2(conv2.call(features)));
        features = nn.functional.relu(fc1.call(features.flatten(1)));
        return fc3.call(nn.functional.relu(fc2.call(features)));
    }

    private static int Side(int side, int padding) => ((((side - 4 + (2 * padding)) / 2) - 4 + (2 * padding)) / 2);
}
