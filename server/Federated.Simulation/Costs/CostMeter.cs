using Federated.Protocol.Jobs;
using Federated.Protocol.Pruning;
using Federated.Protocol.Statistics;
using Federated.Protocol.V1;
using Federated.Simulation.Engine;
using Federated.Simulation.Models;

namespace Federated.Simulation.Costs;

/// <summary>Adds up the costs of a run, round by round.</summary>
internal sealed class CostMeter
{
    private readonly ModelCost _cost;
    private readonly CostAccount _account;
    private readonly JobDefinition _job;
    private readonly int _passesOfSelection;
    private CostSummary _sum;

    private CostMeter(ModelCost cost, JobDefinition job)
    {
        _cost = cost;
        _account = new CostAccount(cost);
        _job = job;

        // A candidate is judged by its loss; a model with running statistics takes a forward pass for these first.
        _passesOfSelection = NormalisationLayer.Of(cost.Schema).Count == 0 ? 1 : 2;
        _sum = new CostSummary(0, 0, 0, 0, new StateBytes(0, 0, 0, 0, 0), cost.ActivationBytes(Math.Max(1, job.Local.BatchSize)));
    }

    /// <summary>The costs so far.</summary>
    public CostSummary Summary => _sum;

    /// <summary>A meter for a model; null for models whose layers are not all convolutions and linear ones, which are not counted.</summary>
    public static CostMeter? Of(ModelDefinition model, JobDefinition job)
    {
        if (model.Shape.Kind == ModelShapeKind.Text)
        {
            return null;
        }

        ModelCost cost = model.MeasureCost();
        return cost.Layers.Select(layer => layer.Weight.Name).SequenceEqual(PrunableLayer.Of(model.Schema).Select(layer => layer.Name)) ? new CostMeter(cost, job) : null;
    }

    /// <summary>Adds the choice of the first mask.</summary>
    public void Add(CandidateReport selection) => _sum = _sum with
    {
        SelectionMacs = _sum.SelectionMacs + selection.Candidates.Sum(candidate => _passesOfSelection * (long)candidate.Examples * _account.Forward(candidate.Active)),
    };

    /// <summary>Adds a round.</summary>
    /// <param name="mask">Its mask; null for a dense model.</param>
    /// <param name="demand">The gradients that devices send; null for none.</param>
    /// <param name="gradients">Gradients of single examples, of all devices.</param>
    /// <param name="devices">Devices that trained.</param>
    /// <param name="selecting">Those of them that the demand is for.</param>
    public void Add(ModelMask? mask, GradientDemand? demand, long gradients, int devices, int selecting)
    {
        int[] active = [.. _cost.Layers.Select((layer, l) => mask?.CountOf(l) ?? (int)layer.Weight.ElementCount)];
        IReadOnlyList<LayerGradients> layers = demand?.Layers ?? [];
        long training = _account.Training(active, gradients);
        long adjustment = selecting * _account.Adjustment(layers.Select(layer => (int)layer.Layer), (int)(demand?.BatchSize ?? 0));

        // A layer's candidates are kept as index and value, or all of its gradients where that is less.
        long selection = layers.Sum(layer => Math.Min((sizeof(int) + sizeof(float)) * (long)layer.Count, sizeof(float) * _cost.Layers[(int)layer.Layer].Weight.ElementCount));
        StateBytes state = _account.State(active, _job.Local.Momentum > 0, selection);
        _sum = _sum with
        {
            TrainingMacs = _sum.TrainingMacs + training,
            AdjustmentMacs = _sum.AdjustmentMacs + adjustment,
            MostMacsOfRound = Math.Max(_sum.MostMacsOfRound, devices == 0 ? 0 : (training + adjustment) / devices),
            State = state.Total > _sum.State.Total ? state : _sum.State,
        };
    }
}
