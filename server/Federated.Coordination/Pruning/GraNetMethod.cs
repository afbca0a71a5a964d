using System.Collections.Immutable;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;

namespace Federated.Coordination.Pruning;

/// <summary>
/// GraNet (Liu et al. 2021): from half density it prunes gradually by magnitude, over all layers together, and after each pruning every layer drops its smallest weights and grows as many by gradient.
/// It needs a half-dense model and gradients of all layers, which is far more than FedTiny asks of a device.
/// </summary>
/// <remarks>Our own choices: steps are adjustments of the job's schedule; the share that is regrown follows our cosine instead of one from 0.5 to 0.005.</remarks>
internal sealed class GraNetMethod(PruningSettings settings, ModelSchema schema) : IPruningMethod
{
    private const double StartDensity = 0.5;

    private readonly PruningSchedule _schedule = new(settings.Alpha, settings.AdjustEvery, settings.StopAdjusting, Blocks: 1);

    // The last adjustment must end at the target, also where the schedule stops between two.
    private readonly CubicDescent _descent = new(
        Math.Max(StartDensity, settings.Density), settings.Density, settings.StopAdjusting - (settings.StopAdjusting % settings.AdjustEvery));

    public ImmutableArray<ModelMask> Candidates(ReadOnlySpan<float> parameters) => [StaticMasks.ErdosRenyi(_descent.At(0), schema, parameters.ToArray())];

    public PruningDemand DemandFor(int round, ModelMask mask) => LayerMoves.Demand(_schedule, round, mask);

    public ModelMask Next(PruningRound round)
    {
        ModelMask mask = round.Mask;
        int total = Math.Min(mask.ActiveCount, LayerBudgets.Total(mask.Layers, _descent.At(round.Number)));

        // In an asynchronous job an adjustment may wait for gradients until the last one is over: what is left of the descent follows then.
        bool isLate = _descent.Last > 0 && round.Number > _descent.Last && total < mask.ActiveCount;
        if (!_schedule.IsAdjustment(round.Number) && !isLate)
        {
            return mask;
        }

        int[][] active = GlobalChoice.Largest(mask.Layers, Magnitudes.Of(round), total);
        bool changes = total < mask.ActiveCount;
        changes |= LayerMoves.Regrow(round, active, layer => (double)active[layer].Length / mask.CountOf(layer));
        return changes ? mask.With(mask.Epoch + 1, active) : mask;
    }
}
