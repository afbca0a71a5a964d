using Federated.Client.Torch;
using Federated.Client.Torch.Models;
using Federated.Client.Torch.Training;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Federated.UnitTests.Torch;

/// <summary>A convolution, batch normalisation, dropout and a linear layer over images of 1×4×4: every kind of tensor in 51 parameters.</summary>
internal sealed class SmallNetwork : nn.Module<Tensor, Tensor>
{
    private readonly Conv2d conv;
    private readonly BatchNorm2d norm;
    private readonly MaskedDropout dropout;
    private readonly Linear fc;

    public SmallNetwork(MaskSource masks, double dropoutProbability = 0)
        : base("small")
    {
        conv = nn.Conv2d(1, 2, 3, padding: 1);
        norm = nn.BatchNorm2d(2);
        dropout = new MaskedDropout(masks, dropoutProbability);
        fc = nn.Linear(8, 3);
        RegisterComponents();
    }

    public static TorchObjective CreateObjective(double dropout = 0, ulong seed = 7)
    {
        TorchRuntime.Initialise();
        var masks = new MaskSource();
        var module = new FlatModule(new SmallNetwork(masks, dropout));
        WeightInitialiser.Initialise(module.Module, seed);
        return new TorchObjective(module, [1, 4, 4], classes: 3, masks: masks);
    }

    public override Tensor forward(Tensor input)
    {
        Tensor features = nn.functional.max_pool2d(nn.functional.relu(norm.call(conv.call(input))), 2);
        return fc.call(dropout.call(features.flatten(1)));
    }
}
