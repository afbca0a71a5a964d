namespace Federated.Simulation.Costs;

/// <summary>What a run's devices computed and had to hold, counted by <see cref="CostAccount"/> as if zeros cost nothing. Dense kernels under a mask save none of it.</summary>
/// <param name="TrainingMacs">Multiply-adds of all local training.</param>
/// <param name="AdjustmentMacs">Multiply-adds of the dense gradients that adjustments of the mask asked for.</param>
/// <param name="SelectionMacs">Multiply-adds of the forward passes by which devices judged the masks to begin with.</param>
/// <param name="MostMacsOfRound">The largest mean of a device in a round.</param>
/// <param name="State">Bytes of values, indices, gradients, momentum and adjustment of the largest round.</param>
/// <param name="ActivationBytes">Bytes of the layers' outputs of one training batch, which masks do not make smaller.</param>
public sealed record CostSummary(long TrainingMacs, long AdjustmentMacs, long SelectionMacs, long MostMacsOfRound, StateBytes State, long ActivationBytes)
{
    /// <summary>Multiply-adds of everything.</summary>
    public long Macs => TrainingMacs + AdjustmentMacs + SelectionMacs;
}
