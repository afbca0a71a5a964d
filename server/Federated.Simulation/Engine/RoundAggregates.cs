using System.Collections.Immutable;
using Federated.Aggregator.Functions;
using Federated.Coordination.Algorithms;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Simulation.Engine;

/// <summary>Makes what takes the updates of a round: sums in a tier under the mean, what is retained under other rules.</summary>
internal sealed class RoundAggregates
{
    private readonly JobDefinition _job;
    private readonly int _nodes;
    private readonly IServerAlgorithm _algorithm;
    private readonly ExchangedCohort? _exchanged;
    private ImmutableArray<SectionSpec> _sections = [];
    private ModelMask? _fittedTo;
    private RetainedCohort? _retained;

    public RoundAggregates(SimulationRequest request, IServerAlgorithm algorithm)
    {
        _job = request.Job;
        _nodes = request.Nodes;
        _algorithm = algorithm;
        Tier = new SimulatedTier([], _nodes);
        _exchanged = AggregationRules.IsMean(_job) || _nodes == 1 ? null : new ExchangedCohort(Tier);
    }

    /// <summary>The nodes that sum, unless the rule retains the updates.</summary>
    public SimulatedTier Tier { get; }

    /// <summary>What updates carry changes with a mask, and when devices send gradients for the next one.</summary>
    /// <returns>Whether it has changed.</returns>
    public bool Fit(ModelContent model)
    {
        ImmutableArray<SectionSpec> sections = RoundPlans.SectionsOf(TaskKind.Train, _algorithm);
        if (!_sections.IsEmpty && ReferenceEquals(_fittedTo, model.Mask) && sections.SequenceEqual(_sections))
        {
            return false;
        }

        (_sections, _fittedTo) = (sections, model.Mask);
        Tier.Use(sections);
        _retained = AggregationRules.IsMean(_job) || _nodes > 1
            ? null
            : new RetainedCohort(
                RoundPlans.FormsOf(TaskKind.Train, _algorithm),
                new RetainedAggregation(sections, AggregationRules.Of(_job), _job.Seed, _algorithm.OwnSections));
        return true;
    }

    /// <summary>Begins a round of so many clients.</summary>
    public ICohortAggregate Begin(RoundKey key, ModelContent model, int clients)
    {
        _retained?.Begin(key, _algorithm.Centres);
        _exchanged?.Begin(RoundPlans.Create(key, 1, _job, model.Schema, _algorithm, clients, _job.Seed));
        if (_retained is null && _exchanged is null)
        {
            Tier.Begin(clients);
        }

        return _retained ?? (ICohortAggregate?)_exchanged ?? new CohortAggregate(
            _sections, RoundPlans.FormsOf(TaskKind.Train, _algorithm), _algorithm.KeptSections, Tier);
    }
}
