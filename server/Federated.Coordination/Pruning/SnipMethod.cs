using System.Collections.Immutable;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;

namespace Federated.Coordination.Pruning;

/// <summary>
/// The connection sensitivity |w·∂L/∂w| of SNIP (Lee et al. 2019), over all layers together, at initialisation. Devices send dense gradients at the initial weights with the update of the first round,
/// which is a dense one; then the mask is chosen, and stays.
/// </summary>
internal sealed class SnipMethod(PruningSettings settings, ModelSchema schema) : IPruningMethod
{
    public ImmutableArray<ModelMask> Candidates(ReadOnlySpan<float> parameters) => [ModelMask.Full(schema, 1)];

    // The mask of epoch 1 is the full one: a first round without gradients is made up for by the next.
    public PruningDemand DemandFor(int round, ModelMask mask) => mask.Epoch == 1 ? DenseDemand.Of(mask) with { AtStart = true } : PruningDemand.None;

    public ModelMask Next(PruningRound round)
    {
        if (round.Mask.Epoch > 1 || round.Gradients.Count == 0)
        {
            return round.Mask;
        }

        float[][] scores = new float[round.Mask.Layers.Length][];
        for (int l = 0; l < scores.Length; l++)
        {
            ReadOnlySpan<float> weights = round.StartOf(l), gradients = round.Gradients[l].Span;
            scores[l] = new float[weights.Length];
            for (int i = 0; i < weights.Length; i++)
            {
                scores[l][i] = MathF.Abs(weights[i] * gradients[i]);
            }
        }

        int total = LayerBudgets.Total(round.Mask.Layers, settings.Density);
        return round.Mask.With(2, GlobalChoice.Largest(round.Mask.Layers, scores, total));
    }
}
