using System.Runtime.InteropServices;
using Federated.Coordination.Algorithms;
using Federated.Coordination.Rounds;
using Federated.Coordination.Selection;
using Federated.Coordination.Tier;
using Federated.Numerics;
using Federated.Protocol.Jobs;
using Federated.Protocol.Rounds;

namespace Federated.Simulation.Engine;

/// <summary>Picks the clients of a round, and lets them check in with its state machine.</summary>
internal sealed class CohortSelection
{
    // The whole cohort checks in at one instant; a round must never start with the part of it that the machine has seen so far.
    private static readonly TimeSpan Ample = TimeSpan.FromDays(365_000);

    private readonly SimulationSetup _setup;
    private readonly JobDefinition _job;
    private readonly IServerAlgorithm _algorithm;
    private readonly ISelectionStrategy _strategy;
    private readonly RoundStateMachine _machine;
    private readonly RoundTiming _timing;
    private readonly VirtualClock _clock;
    private readonly CheckIns _checkIns;
    private long _calls;

    public CohortSelection(SimulationSetup setup, IServerAlgorithm algorithm, ISelectionStrategy strategy, RoundStateMachine machine, RoundTiming timing, VirtualClock clock)
    {
        _setup = setup;
        _job = setup.Request.Job;
        _algorithm = algorithm;
        _strategy = strategy;
        _machine = machine;
        _timing = timing;
        _clock = clock;
        _checkIns = new CheckIns(_job, setup.Clients.Count, strategy, setup.Fleet);
        Terms = RoundTerms.ForTraining(_job) with { SelectionTime = Ample };
    }

    /// <summary>The terms of the last round.</summary>
    public RoundTerms Terms { get; private set; }

    /// <summary>Begins a round; its assignments are in the order in which they report.</summary>
    public List<Assignment> Select(RoundKey key)
    {
        Terms = RoundTerms.ForTraining(_job, _algorithm.CohortSize(key)) with { SelectionTime = Ample };
        uint[] cohort = _checkIns.For(key, Terms, _clock);
        _timing.Begin();
        _machine.Begin(key, Terms with { Target = cohort.Length, Goal = Math.Min(Terms.Goal, cohort.Length) }, _clock.Now);
        foreach (uint index in cohort)
        {
            _machine.CheckIn(new Candidate(++_calls, _setup.Clients[(int)index].Name, index, DeviceTasks.Train, _clock.Now + Terms.SelectionTime), _clock.Now);
        }

        List<Assignment> order = [];
        while (_machine.TryTake(out RoundDecision decision))
        {
            if (decision is { Kind: RoundDecisionKind.Assign, Assignment: { } assignment })
            {
                assignment.Role = _algorithm.RoleOf(key, assignment.ClientIndex);
                order.Add(assignment);
            }
        }

        _machine.Configured(_clock.Now);

        // With over-selection the first to report are counted: the order must not favour low numbers.
        new CounterRandom(_job.Seed, RandomPurpose.Pacing, (uint)key.Round, uint.MaxValue).Shuffle(CollectionsMarshal.AsSpan(order));
        return order;
    }

    /// <summary>Tells a strategy that learns from earlier rounds who took part.</summary>
    public void Observe(RoundAggregate aggregate)
    {
        foreach (UpdateCommitted update in _strategy.LooksBack ? aggregate.Included : [])
        {
            _strategy.Observe(new Participation(
                _machine.Find(update.AssignmentId)!.ClientIndex, update.Key.Round, update.Weight, update.TrainingLoss, update.TrainingSeconds));
        }
    }
}
