using Federated.Client.Torch.Models;
using Federated.Protocol.Models;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Federated.Simulation.Costs;

/// <summary>Counts what a module computes by listening to the outputs of its layers.</summary>
internal static class ForwardCost
{
    /// <param name="module">The model.</param>
    /// <param name="inputShape">One example, with a leading 1.</param>
    public static ModelCost Measure(FlatModule module, long[] inputShape)
    {
        Dictionary<string, TensorSpec> weights = module.Schema.Of(TensorPart.Parameter).ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        var layers = new Dictionary<string, LayerCost>(StringComparer.Ordinal);
        long normalised = 0;
        List<Action> hooks = [];
        foreach (var (name, layer) in module.Module.named_modules())
        {
            if (layer is Conv2d or Linear)
            {
                TensorSpec weight = weights[name + ".weight"];
                var hook = ((nn.Module<Tensor, Tensor>)layer).register_forward_hook((_, _, output) =>
                {
                    layers[weight.Name] = new LayerCost(weight, output.NumberOfElements / weight.Shape[0]);
                    return output;
                });
                hooks.Add(hook.remove);
            }
            else if (layer is BatchNorm2d or GroupNorm)
            {
                var hook = ((nn.Module<Tensor, Tensor>)layer).register_forward_hook((_, _, output) =>
                {
                    normalised += output.NumberOfElements;
                    return output;
                });
                hooks.Add(hook.remove);
            }
        }

        using (NewDisposeScope())
        using (no_grad())
        {
            module.SetTraining(false);
            module.Module.call(zeros(inputShape, dtype: ScalarType.Float32, device: module.Device));
        }

        hooks.ForEach(remove => remove());
        return new ModelCost(
            module.Schema, [.. module.Schema.Tensors.Where(tensor => layers.ContainsKey(tensor.Name)).Select(tensor => layers[tensor.Name])], normalised);
    }
}
