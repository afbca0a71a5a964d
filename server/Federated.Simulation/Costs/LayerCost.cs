using Federated.Protocol.Models;

namespace Federated.Simulation.Costs;

/// <summary>A convolution or linear layer in a forward pass of one example.</summary>
/// <param name="Weight">Its weight tensor, outputs first.</param>
/// <param name="Positions">Places at which each weight is used: the pixels of the output, padding counted like the rest; 1 for a linear layer.</param>
public sealed record LayerCost(TensorSpec Weight, long Positions)
{
    /// <summary>Multiplications and additions of the dense layer.</summary>
    public long Macs => Weight.ElementCount * Positions;

    /// <summary>Values that the layer hands on.</summary>
    public long Outputs => Weight.Shape[0] * Positions;
}
