using System.Collections.Immutable;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;

namespace Federated.Coordination.Pruning;

/// <summary>
/// After PruneFL (Jiang et al. 2019): a mask of the target density that is reconfigured by squares of dense gradients. The largest weights stay; for the rest of the budget the smaller active weights and
/// all inactive ones compete by their squared gradient, over all layers together.
/// </summary>
/// <remarks>Our own choices: it starts from the largest weights at one density instead of a client's pruning; every coordinate is taken to cost the same time; the share that competes follows our cosine schedule.</remarks>
internal sealed class PruneFlMethod(PruningSettings settings, ModelSchema schema) : IPruningMethod
{
    private readonly PruningSchedule _schedule = new(settings.Alpha, settings.AdjustEvery, settings.StopAdjusting, Blocks: 1);

    public ImmutableArray<ModelMask> Candidates(ReadOnlySpan<float> parameters) => [StaticMasks.Uniform(settings, schema, parameters.ToArray())];

    public PruningDemand DemandFor(int round, ModelMask mask) => _schedule.IsAdjustment(round) ? DenseDemand.Of(mask) : PruningDemand.None;

    public ModelMask Next(PruningRound round)
    {
        ModelMask mask = round.Mask;
        int moved = (int)Math.Floor(_schedule.Fraction(round.Number) * mask.ActiveCount);
        if (round.Gradients.Count == 0 || moved == 0)
        {
            return mask;
        }

        // 1. The largest weights stay, whatever their gradients.
        float[][] magnitudes = Magnitudes.Of(round);
        int[][] kept = GlobalChoice.Largest(mask.Layers, magnitudes, mask.ActiveCount - moved);

        // 2. All others compete by their gradient; an active one without is worth more than an inactive one without.
        float[][] scores = new float[kept.Length][];
        for (int l = 0; l < kept.Length; l++)
        {
            ReadOnlySpan<float> gradients = round.Gradients[l].Span;
            scores[l] = new float[gradients.Length];
            for (int i = 0; i < gradients.Length; i++)
            {
                scores[l][i] = gradients[i] == 0 && magnitudes[l][i] < 0 ? -1 : MathF.Abs(gradients[i]);
            }

            foreach (int index in kept[l])
            {
                scores[l][index] = float.PositiveInfinity;
            }
        }

        int[][] active = GlobalChoice.Largest(mask.Layers, scores, mask.ActiveCount);
        return Enumerable.Range(0, active.Length).All(l => mask.Active(l).SequenceEqual(active[l])) ? mask : mask.With(mask.Epoch + 1, active);
    }
}
