using Federated.Client.Torch.Models;
using Federated.Client.Torch.Training;
using static TorchSharp.torch;

namespace Federated.Simulation.Models.Networks;

/// <summary>Linear layers with ReLU between them.</summary>
internal sealed class Mlp : nn.Module<Tensor, Tensor>
{
    private readonly nn.Module<Tensor, Tensor> _layers;

    public Mlp(ModelShape shape, int classes, ModelOptions options, MaskSource masks)
        : base("mlp")
    {
        var layers = new List<(string, nn.Module<Tensor, Tensor>)> { ("flatten", nn.Flatten()) };
        int width = shape.FeatureLength;
        int hidden = options.Hidden ?? 200;
        for (int i = 1; i <= options.Layers; i++)
        {
            layers.Add(($"hidden{i}", nn.Linear(width, hidden)));
            layers.Add(($"relu{i}", nn.ReLU()));
            width = hidden;
        }

        layers.Add(("dropout", new MaskedDropout(masks, options.Dropout)));
        layers.Add(("output", nn.Linear(width, classes)));
        _layers = nn.Sequential(layers);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input) => _layers.call(input);
}
