using Federated.Client.Algorithms;
using Federated.Client.Training;
using Federated.Coordination.Algorithms;
using Federated.Coordination.Jobs;
using Federated.Coordination.Persistence;
using Federated.Coordination.Rounds;
using Federated.Coordination.Selection;
using Federated.Coordination.Tier;
using Federated.Protocol.Codecs;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Rounds;
using Federated.Protocol.Tier;
using Federated.Protocol.V1;
using Federated.Simulation.Costs;
using Federated.Simulation.Models;

namespace Federated.Simulation.Engine;

/// <summary>
/// Drives the round state machine through one training round after another. The clients of a round report in an order that the seed fixes; their updates are summed in
/// that order, whoever of the workers was faster.
/// </summary>
internal sealed class CohortTrainer : IRoundTrainer
{
    private readonly SimulationSetup _setup;
    private readonly JobDefinition _job;
    private readonly IServerAlgorithm _algorithm;
    private readonly OrderedWorkers<ModelWorker> _workers;
    private readonly List<ClientFailure> _failures;
    private readonly VirtualClock _clock = new();
    private readonly RoundTiming _timing;
    private readonly RoundStateMachine _machine;
    private readonly CohortSelection _selection;
    private readonly CohortTraffic _traffic;
    private readonly ClientStates _states = new();
    private readonly CohortWork _work;
    private readonly Adversary? _adversary;
    private readonly RoundAggregates _aggregates;
    private readonly CostMeter? _costs;
    private readonly bool _waits;
    private readonly bool _compresses;
    private readonly List<ClientCompression> _compressed = [];
    private int _stateEpoch;

    public CohortTrainer(
        SimulationSetup setup, IServerAlgorithm algorithm, ModelContent initial, CandidateReport? candidates, OrderedWorkers<ModelWorker> workers, List<ClientFailure> failures)
    {
        _setup = setup;
        _job = setup.Request.Job;
        _algorithm = algorithm;
        _workers = workers;
        _failures = failures;
        ISelectionStrategy strategy = Selections.Create(_job);
        _timing = new RoundTiming(setup, _clock, failures);
        _machine = new RoundStateMachine(strategy, new PaceSteering(_job.Seed), new PopulationEstimate(TimeSpan.MaxValue), int.MaxValue);
        _selection = new CohortSelection(setup, algorithm, strategy, _machine, _timing, _clock);
        _traffic = new CohortTraffic(_job, algorithm, initial);
        _adversary = setup.Adversary;

        // Attackers see what the honest clients of the round send before they send anything.
        _waits = _adversary is { ChangesUpdates: true };
        _work = new CohortWork(setup, algorithm, _timing, _states, _waits);
        _aggregates = new RoundAggregates(setup.Request, algorithm);
        _compresses = CompressionSpec.Parse(_job.Compression.Up).IsActive;
        _costs = CostMeter.Of(setup.Model, _job);
        if (candidates is not null)
        {
            _costs?.Add(candidates);
        }

        algorithm.Follow(initial);
        Fit(initial);
    }

    public TreePlan Tree => _aggregates.Tier.Tree;

    public TreeFigures Figures => _aggregates.Tier.Figures;

    public string? StateHash => null;

    public CostSummary? Costs => _costs?.Summary;

    /// <summary>Client tasks that were trained.</summary>
    public long ClientUpdates { get; private set; }

    /// <summary>Runs one round and turns <paramref name="model"/> into the next version, unless the round is abandoned.</summary>
    public RoundReport Train(RoundKey key, ModelContent model, ISimulationObserver observer, CancellationToken cancellationToken)
    {
        Fit(model);

        // 1. Selection and configuration: whoever the seed picks checks in, and gets a task.
        List<Assignment> order = _selection.Select(key);
        Dictionary<string, IReadOnlyDictionary<SectionRole, ReadOnlyMemory<float>>> down = DownSections();
        bool[] vanishes = _timing.Plan(key, order, _machine.Deadline, assignment => WorkOf(key, assignment));
        var start = new CohortStart(key, _traffic.StartOf(model), down);

        // 2. Reporting: the clients work in parallel, and report in their order until the machine has enough.
        ICohortAggregate aggregate = _aggregates.Begin(key, model, order.Count);
        _states.Begin();
        _compressed.Clear();
        List<Assignment> vanished = [];
        long bytesUp = 0;
        long gradients = 0;
        int done = 0;
        void Report(int item, int place)
        {
            Assignment assignment = order[item];
            ClientTaskResult result = _work.ResultAt(place);
            _timing.Pass(item, vanishes[item]);
            gradients += result.Gradients;
            if (vanishes[item])
            {
                vanished.Add(assignment);
            }
            else if (result.Outcome is not (ClientOutcome.Completed or ClientOutcome.Partial))
            {
                Fail(key, assignment, result, fault: null);
            }
            else
            {
                bytesUp += _traffic.Up(assignment, result);
                if (_work.FaultOf(assignment, place) is { } fault)
                {
                    Fail(key, assignment, result, fault);
                }
                else
                {
                    Count(key, assignment, place, aggregate);
                }
            }

            ClientUpdates++;
        }

        _work.Hold(_waits ? order.Count : _workers.Window);
        _workers.Run(
            order.Count,
            (worker, item, slot) =>
            {
                int place = _waits ? item : slot;
                if (vanishes[item])
                {
                    _work.Skip(place);
                }
                else
                {
                    _work.Do(worker, start, order[item], item, place, cancellationToken);
                }
            },
            (item, slot) =>
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (!_waits)
                {
                    Report(item, slot);
                }

                observer.ClientFinished(key.Round, ++done, order.Count);
                return _machine.Phase == RoundPhase.Reporting;
            },
            cancellationToken);

        if (_waits)
        {
            _adversary!.Attack(key, _work.Sent(order, vanishes), _algorithm.Centres);
            Parallel.For(0, order.Count, new ParallelOptions { MaxDegreeOfParallelism = _setup.Request.Workers, CancellationToken = cancellationToken }, _work.Compress);
            for (int item = 0; item < order.Count && _machine.Phase == RoundPhase.Reporting; item++)
            {
                Report(item, item);
            }
        }

        // 3. Closing: by the report goal, or, where clients vanished, when the deadline passes in virtual time.
        if (_machine.Phase == RoundPhase.Reporting)
        {
            _clock.AdvanceTo(_machine.Deadline);
            _machine.Tick(_clock.Now);
        }

        _timing.Record(key, order, vanishes, vanished, _machine.Deadline, _selection.Terms.ReportingTime);

        // Of several roles some may be asked for no gradients.
        Dictionary<string, GradientDemand?> demands = _algorithm.Roles.ToDictionary(role => role, role => (GradientDemand?)_algorithm.TrainingFor(key, 0, role).Gradients, StringComparer.Ordinal);
        Assignment[] trained = [.. order.Where((_, item) => !vanishes[item])];
        _costs?.Add(
            model.Mask, demands.Values.FirstOrDefault(demand => demand is not null), gradients, trained.Length, trained.Count(assignment => demands[assignment.Role] is not null));
        string? kernels = _setup.Kernels.NameFor(model.Mask);
        return Close(key, aggregate, model, bytesUp) with
        {
            Kernels = kernels,
            Gradients = gradients,
            SimulatedSeconds = _timing.SimulatedSeconds,
            ClientSeconds = _timing.BusySeconds(order.Count),
            MaskEpoch = model.Mask?.Epoch,
        };
    }

    public void Dispose() => _machine.RejectWaiting(RejectionReason.JobEnded, TimeSpan.Zero);

    private void Fit(ModelContent model)
    {
        if (_aggregates.Fit(model))
        {
            _traffic.Fit(model);
        }
    }

    private Dictionary<string, IReadOnlyDictionary<SectionRole, ReadOnlyMemory<float>>> DownSections() =>
        _algorithm.Roles.ToDictionary(
            role => role,
            role => (IReadOnlyDictionary<SectionRole, ReadOnlyMemory<float>>)_algorithm.DownSections(role).ToDictionary(section => section.Spec.Role, section => section.Values),
            StringComparer.Ordinal);

    /// <summary>What a client is to do: local steps, bytes down and up.</summary>
    private (int Steps, long Down, long Up) WorkOf(RoundKey key, Assignment assignment)
    {
        LocalSgdPlan plan = LocalSgdPlan.From(_algorithm.TrainingFor(key, assignment.ClientIndex, assignment.Role));
        return (plan.StepsFor(_setup.Clients[(int)assignment.ClientIndex].Rows.Length), _traffic.Down(assignment), _traffic.PlannedUp(assignment));
    }

    private void Count(RoundKey key, Assignment assignment, int place, ICohortAggregate aggregate)
    {
        ClientTaskResult result = _work.ResultAt(place);
        ReadOnlySpan<byte> payload = _work.PayloadOf(assignment, place);
        aggregate.Add(payload, new UpdateCommitted(
            key, assignment.Id, assignment.DeviceId, "simulation", "", payload.Length, 0, result.Weight, result.Steps, result.TrainingLoss,
            _timing.Elapsed, 0, assignment.Role));
        if (_work.NextStateAt(place) is { Length: > 0 } next)
        {
            _states.Add(assignment.ClientIndex, next);
        }

        if (result.Encoded is { } encoded && _compresses)
        {
            _compressed.Add(new ClientCompression(assignment.DeviceId, payload.Length, _traffic.Down(assignment), encoded.Contraction, encoded.ErrorNorm, encoded.Saturated));
        }

        _machine.Stored(assignment.Id, _clock.Now);
    }

    private void Fail(RoundKey key, Assignment assignment, ClientTaskResult result, UpdateFault? fault)
    {
        (string kind, string reason) = fault is { } found ? (found.Kind, found.Reason) : WorkFailure.Of(result);
        _failures.Add(new ClientFailure(key.Round, assignment.DeviceId, kind, reason));
        _machine.Failed(assignment.Id, assignment.DeviceId, kind, reason, _clock.Now);
    }

    private RoundReport Close(RoundKey key, ICohortAggregate tier, ModelContent model, long bytesUp)
    {
        _machine.TryTake(out RoundDecision decision);
        string? abandoned = decision.Kind == RoundDecisionKind.Close ? null : decision.Reason;
        IReadOnlySet<string> included = tier.Ids;
        RoundAggregate aggregate = new([], []);
        if (abandoned is null)
        {
            try
            {
                aggregate = _algorithm.Combine(key, tier.Report().With(_machine.Assignments), new RuleStart(_job.Seed, _algorithm.Centres));
                abandoned = RoundFigures.IsFinite(aggregate) ? null : "The aggregate is not finite.";
            }
            catch (ArgumentException exception)
            {
                abandoned = exception.Message;
            }
        }

        if (abandoned is null)
        {
            _machine.Settle(included);
            _algorithm.Apply(key, aggregate.With(_machine.Assignments), model);
            _selection.Observe(aggregate);
            _states.Keep();
        }
        else
        {
            _machine.SettleAbandoned(abandoned);
            aggregate = new RoundAggregate([], []);
            _states.Void();
            _algorithm.BeginEpoch(++_stateEpoch);
        }

        long bytesDown = _traffic.Down(_machine.Assignments);
        if (abandoned is null)
        {
            _traffic.Follow(model, key.Round);
        }

        return ReportOf(key, aggregate, abandoned, bytesUp, bytesDown);
    }

    private RoundReport ReportOf(RoundKey key, RoundAggregate aggregate, string? abandoned, long bytesUp, long bytesDown)
    {
        HashSet<string> byzantine = [.. _machine.Assignments.Where(assignment => _adversary?.Has(assignment.ClientIndex) == true).Select(assignment => assignment.Id)];
        RoundMetrics figures = RoundFigures.Of(_machine.Assignments, aggregate, bytesDown);
        _machine.Finish();
        return new RoundReport(
            key.Round, null, null, figures.TrainingLoss, figures.Assigned, figures.Counted, figures.Failed, figures.Weight,
            bytesUp, bytesDown, figures.UpdateNorm, abandoned, 0,
            [.. aggregate.Scores.Select((score, i) => new ClientScore(aggregate.Included[i].DeviceId, score.Coefficient, score.Trust, byzantine.Contains(aggregate.Included[i].AssignmentId)))],
            abandoned is null ? [.. _compressed] : [])
        {
            DownError = abandoned is null ? _traffic.Owed : null,
            Seen = _algorithm.Seen,
        };
    }
}
