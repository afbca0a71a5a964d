using System.Collections.Immutable;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;

namespace Federated.Coordination.Pruning;

/// <summary>
/// After FedDST (Bibikar et al. 2022): shares of the layers by Erdős-Rényi-Kernel, and at every adjustment each layer drops its smallest weights and grows as many by gradient, all layers at once.
/// </summary>
/// <remarks>
/// Our own choice: clients of FedDST move their own masks and the server makes one of them by magnitude; here the mask is the server's, and clients send the gradients of largest magnitude of all layers.
/// </remarks>
internal sealed class FedDstMethod(PruningSettings settings, ModelSchema schema) : IPruningMethod
{
    private readonly PruningSchedule _schedule = new(settings.Alpha, settings.AdjustEvery, settings.StopAdjusting, Blocks: 1);

    public ImmutableArray<ModelMask> Candidates(ReadOnlySpan<float> parameters) => [StaticMasks.ErdosRenyi(settings.Density, schema, parameters.ToArray())];

    public PruningDemand DemandFor(int round, ModelMask mask) => LayerMoves.Demand(_schedule, round, mask);

    public ModelMask Next(PruningRound round)
    {
        if (round.Gradients.Count == 0)
        {
            return round.Mask;
        }

        int[][] active = [.. Enumerable.Range(0, round.Mask.Layers.Length).Select(l => round.Mask.Active(l).ToArray())];
        return LayerMoves.Regrow(round, active) ? round.Mask.With(round.Mask.Epoch + 1, active) : round.Mask;
    }
}
