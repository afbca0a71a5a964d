using Federated.Protocol.Models;

namespace Federated.Simulation.Costs;

/// <summary>What a model's forward pass of one example computes and leaves in memory.</summary>
/// <param name="Schema">The model.</param>
/// <param name="Layers">Convolutions and linear layers, in the order of the schema.</param>
/// <param name="NormalisedOutputs">Values that normalisation layers hand on.</param>
public sealed record ModelCost(ModelSchema Schema, IReadOnlyList<LayerCost> Layers, long NormalisedOutputs)
{
    /// <summary>Multiplications and additions of the dense layers.</summary>
    public long Macs => Layers.Sum(layer => layer.Macs);

    /// <summary>Weights of the layers.</summary>
    public long Weights => Layers.Sum(layer => layer.Weight.ElementCount);

    /// <summary>Parameters outside <see cref="Weights"/>: biases, and what normalisation learns.</summary>
    public long OtherParameters => Schema.ParameterCount - Weights;

    /// <summary>Bytes of the float32 outputs of layers and normalisation that a training step keeps for its way back. Pooling, ReLU and the working memory of libtorch come on top.</summary>
    /// <param name="batch">Examples of a step.</param>
    public long ActivationBytes(int batch) => sizeof(float) * batch * (Layers.Sum(layer => layer.Outputs) + NormalisedOutputs);
}
