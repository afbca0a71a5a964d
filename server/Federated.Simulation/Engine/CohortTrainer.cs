using System.Collections.Immutable;
using System.Globalization;
using Federated.Aggregator.Functions;
using Federated.Client.Algorithms;
using Federated.Client.Compression;
using Federated.Client.Pruning;
using Federated.Client.Training;
using Federated.Coordination.Algorithms;
using Federated.Coordination.Compression;
using Federated.Coordination.Jobs;
using Federated.Coordination.Persistence;
using Federated.Coordination.Pruning;
using Federated.Coordination.Rounds;
using Federated.Coordination.Selection;
using Federated.Coordination.Tier;
using Federated.Numerics;
using Federated.Protocol.Codecs;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.Protocol.Rounds;
using Federated.Protocol.Sections;
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
    // The whole cohort checks in at one instant; a round must never start with the part of it that the machine has seen so far.
    private static readonly TimeSpan Ample = TimeSpan.FromDays(365_000);

    private readonly SimulationSetup _setup;
    private readonly JobDefinition _job;
    private readonly IServerAlgorithm _algorithm;
    private readonly IClientAlgorithm _client;
    private readonly OrderedWorkers<ModelWorker> _workers;
    private readonly List<ClientFailure> _failures;
    private readonly ISelectionStrategy _selection;
    private readonly CheckIns _checkIns;
    private readonly RoundTiming _timing;
    private readonly RoundStateMachine _machine;
    private RoundTerms _terms;
    private readonly VirtualClock _clock = new();
    private readonly Adversary? _adversary;
    private readonly ExchangedCohort? _exchanged;
    private readonly bool _compresses;
    private readonly CostMeter? _costs;
    private readonly Dictionary<uint, float[]> _states = [];
    private readonly List<ClientCompression> _compressed = [];
    private readonly VirtualDownLink? _downLink;
    private readonly MaskedLink? _maskedLink;
    private ImmutableArray<SectionSpec> _sections = [];
    private ModelMask? _fittedTo;
    private RetainedCohort? _retained;
    private Dictionary<string, long> _bytesUp = [];
    private Dictionary<string, long> _bytesDown = [];
    private byte[][] _payloads = [];
    private float[][] _nextStates = [];
    private ClientTaskResult[] _results = [];
    private UpdateFault?[] _faults = [];
    private HeldUpdate?[] _held = [];
    private long _calls;
    private int _stateEpoch;

    public CohortTrainer(
        SimulationSetup setup, IServerAlgorithm algorithm, ModelContent initial, CandidateReport? candidates, OrderedWorkers<ModelWorker> workers, List<ClientFailure> failures)
    {
        _setup = setup;
        _job = setup.Request.Job;
        _algorithm = algorithm;
        _client = ClientAlgorithms.Find(ServerAlgorithms.BuiltIn.ClientHalfOf(_job.Algorithm.Name)!)!;
        _workers = workers;
        _failures = failures;
        _selection = Selections.Create(_job);
        _timing = new RoundTiming(setup, _clock, failures);
        _checkIns = new CheckIns(_job, setup.Clients.Count, _selection, setup.Fleet);
        _terms = RoundTerms.ForTraining(_job) with { SelectionTime = Ample };
        _machine = new RoundStateMachine(_selection, new PaceSteering(_job.Seed), new PopulationEstimate(TimeSpan.MaxValue), int.MaxValue);
        _adversary = setup.Adversary;
        _downLink = VirtualDownLink.Of(_job, initial);
        _maskedLink = _downLink is null && initial.Mask is { } mask ? new MaskedLink("0", ModelFile.SizeOf(initial), mask) : null;
        Tier = new SimulatedTier([], setup.Request.Nodes);
        _exchanged = AggregationRules.IsMean(_job) || setup.Request.Nodes == 1 ? null : new ExchangedCohort(Tier);
        _compresses = CompressionSpec.Parse(_job.Compression.Up).IsActive;
        _costs = CostMeter.Of(setup.Model, _job);
        if (candidates is not null)
        {
            _costs?.Add(candidates);
        }

        algorithm.Follow(initial);
        Fit(initial);
    }

    /// <summary>The nodes that sum, unless the rule retains the updates.</summary>
    public SimulatedTier Tier { get; }

    public TreePlan Tree => Tier.Tree;

    public TreeFigures Figures => Tier.Figures;

    public string? StateHash => null;

    public CostSummary? Costs => _costs?.Summary;

    /// <summary>Client tasks that were trained.</summary>
    public long ClientUpdates { get; private set; }

    /// <summary>Runs one round and turns <paramref name="model"/> into the next version, unless the round is abandoned.</summary>
    public RoundReport Train(RoundKey key, ModelContent model, ISimulationObserver observer, CancellationToken cancellationToken)
    {
        Fit(model);

        // 1. Selection and configuration: whoever the seed picks checks in, and gets a task.
        List<Assignment> order = Select(key);
        Dictionary<string, IReadOnlyDictionary<SectionRole, ReadOnlyMemory<float>>> down = DownSections();
        bool[] vanishes = _timing.Plan(key, order, _machine.Deadline, assignment => WorkOf(key, assignment));
        ModelContent start = _downLink?.Held ?? model;

        // 2. Reporting: the clients work in parallel, and report in their order until the machine has enough.
        _retained?.Begin(key, _algorithm.Centres);
        _exchanged?.Begin(RoundPlans.Create(key, 1, _job, model.Schema, _algorithm, order.Count, _job.Seed));
        if (_retained is null && _exchanged is null)
        {
            Tier.Begin(order.Count);
        }

        ICohortAggregate aggregate = _retained ?? (ICohortAggregate?)_exchanged ?? new CohortAggregate(
            _sections, RoundPlans.FormsOf(TaskKind.Train, _algorithm), _algorithm.KeptSections, Tier);
        var pendingStates = new Dictionary<uint, float[]>();
        _compressed.Clear();
        List<Assignment> vanished = [];
        long bytesUp = 0;
        long gradients = 0;
        int done = 0;
        bool waits = _adversary is { ChangesUpdates: true };
        void Report(int item, int place)
        {
            Assignment assignment = order[item];
            ClientTaskResult result = _results[place];
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
                bytesUp += BytesUp(assignment, result);
                if ((waits ? FaultOf(assignment, place) : _faults[place]) is { } fault)
                {
                    Fail(key, assignment, result, fault);
                }
                else
                {
                    Count(key, assignment, result, place, aggregate, pendingStates);
                }
            }

            ClientUpdates++;
        }

        Hold(waits ? order.Count : _workers.Window);
        _workers.Run(
            order.Count,
            (worker, item, slot) =>
            {
                int place = waits ? item : slot;
                _results[place] = Work(worker, key, order[item], start, down, vanishes[item], place, item, cancellationToken);

                // Checked by the worker, because what is done in the order of reports is done by one at a time.
                _faults[place] = waits ? null : FaultOf(order[item], place);
            },
            (item, slot) =>
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (!waits)
                {
                    Report(item, slot);
                }

                observer.ClientFinished(key.Round, ++done, order.Count);
                return _machine.Phase == RoundPhase.Reporting;
            },
            cancellationToken);

        // Attackers see what the honest clients of the round send before they send anything.
        if (waits)
        {
            _adversary!.Attack(key, Sent(order, vanishes), _algorithm.Centres);
            Parallel.For(0, order.Count, new ParallelOptions { MaxDegreeOfParallelism = _setup.Request.Workers, CancellationToken = cancellationToken }, Compress);
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

        _timing.Record(key, order, vanishes, vanished, _machine.Deadline, _terms.ReportingTime);

        GradientDemand? demand = _algorithm.TrainingFor(key, 0, _algorithm.Roles[0]).Gradients;
        _costs?.Add(model.Mask, demand, gradients, order.Count - vanishes.Count(vanished => vanished));
        return Close(key, aggregate, pendingStates, model, bytesUp) with
        {
            Gradients = gradients,
            SimulatedSeconds = _timing.SimulatedSeconds,
            ClientSeconds = _timing.BusySeconds(order.Count),
            MaskEpoch = model.Mask?.Epoch,
        };
    }

    public void Dispose() => _machine.RejectWaiting(RejectionReason.JobEnded, TimeSpan.Zero);

    /// <summary>What updates carry changes with a mask, and when devices send gradients for the next one.</summary>
    private void Fit(ModelContent model)
    {
        ImmutableArray<SectionSpec> sections = RoundPlans.SectionsOf(TaskKind.Train, _algorithm);
        if (!_sections.IsEmpty && ReferenceEquals(_fittedTo, model.Mask) && sections.SequenceEqual(_sections))
        {
            return;
        }

        (_sections, _fittedTo) = (sections, model.Mask);
        Tier.Use(sections);
        _retained = AggregationRules.IsMean(_job) || _setup.Request.Nodes > 1
            ? null
            : new RetainedCohort(
                RoundPlans.FormsOf(TaskKind.Train, _algorithm),
                new RetainedAggregation(sections, AggregationRules.Of(_job), _job.Seed, _algorithm.OwnSections));

        // Sizes depend on the role alone; measuring a model file for every client would cost more than a small client's training.
        _bytesUp = _algorithm.Roles.ToDictionary(role => role, role => WireSizes.Planned(model, _algorithm.UpSections(role), _algorithm.TrainingFor(new RoundKey("", "", 0, TaskKind.Train), 0, role)), StringComparer.Ordinal);
        _bytesDown = _algorithm.Roles.ToDictionary(role => role, role => WireSizes.Down(model, _algorithm.DownSections(role)), StringComparer.Ordinal);
    }

    private BroadcastHolders? Holders => _downLink?.Holders ?? _maskedLink?.Holders;

    /// <summary>Those who hold a sparse model know its mask.</summary>
    private void Follow(ModelContent model, int round)
    {
        if (_maskedLink is not null)
        {
            string name = round.ToString(CultureInfo.InvariantCulture);
            _maskedLink.Prepare(model, name, ModelFile.SizeOf(model), name, _maskedLink.StepTo(model).Length);
            _maskedLink.Committed();
        }
    }

    /// <summary>Makes room for the work of so many clients at once.</summary>
    private void Hold(int clients)
    {
        if (_results.Length < clients)
        {
            Array.Resize(ref _payloads, clients);
            Array.Resize(ref _nextStates, clients);
            Array.Resize(ref _results, clients);
            Array.Resize(ref _faults, clients);
            Array.Resize(ref _held, clients);
        }

        Array.Clear(_held);
    }

    private List<ClientPayload> Sent(List<Assignment> order, bool[] vanishes) =>
        [.. Enumerable.Range(0, order.Count)
            .Where(item => !vanishes[item] && _results[item].Outcome is ClientOutcome.Completed or ClientOutcome.Partial)
            .Select(item => _held[item] is { } held
                ? new ClientPayload(order[item].ClientIndex, [.. held.Update.Sections], held.Payload)
                : new ClientPayload(order[item].ClientIndex, _algorithm.UpSections(order[item].Role), _payloads[item]))];

    /// <summary>What was held back for the attackers is compressed now, by them as by the others.</summary>
    private void Compress(int item)
    {
        if (_held[item] is { } held)
        {
            EncodedUpdate encoded = held.Encode(_payloads[item]);
            _results[item] = _results[item] with
            {
                Outcome = encoded.IsFinite ? _results[item].Outcome : ClientOutcome.Diverged,
                Weight = held.Update.Weight,
                Encoded = encoded,
            };
        }
    }

    private List<Assignment> Select(RoundKey key)
    {
        _terms = RoundTerms.ForTraining(_job, _algorithm.CohortSize(key)) with { SelectionTime = Ample };
        uint[] cohort = _checkIns.For(key, _terms, _clock);
        _timing.Begin();
        _machine.Begin(key, _terms with { Target = cohort.Length, Goal = Math.Min(_terms.Goal, cohort.Length) }, _clock.Now);
        foreach (uint index in cohort)
        {
            _machine.CheckIn(
                new Candidate(++_calls, _setup.Clients[(int)index].Name, index, DeviceTasks.Train, _clock.Now + _terms.SelectionTime), _clock.Now);
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
        new CounterRandom(_job.Seed, RandomPurpose.Pacing, (uint)key.Round, uint.MaxValue).Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(order));
        return order;
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
        return (plan.StepsFor(_setup.Clients[(int)assignment.ClientIndex].Rows.Length), DownOf(assignment), _bytesUp[assignment.Role]);
    }

    /// <summary>Bytes that a client has to download.</summary>
    private long DownOf(Assignment assignment) =>
        _bytesDown[assignment.Role] + (Holders is null ? 0 : Holders.BytesFor(assignment.ClientIndex) - Holders.Chain.ByteLength);

    private UpdateFault? FaultOf(Assignment assignment, int place) => _results[place].Outcome is ClientOutcome.Completed or ClientOutcome.Partial
        ? UpdateFault.Find(_job.Bounds, _results[place], _algorithm.UpSections(assignment.Role), _payloads[place])
        : null;

    private ClientTaskResult Work(
        ModelWorker worker,
        RoundKey key,
        Assignment assignment,
        ModelContent model,
        Dictionary<string, IReadOnlyDictionary<SectionRole, ReadOnlyMemory<float>>> down,
        bool vanishes,
        int slot,
        int item,
        CancellationToken cancellationToken)
    {
        if (vanishes)
        {
            return default;
        }

        ImmutableArray<SectionSpec> sections = _algorithm.UpSections(assignment.Role);
        LocalTraining settings = _algorithm.TrainingFor(key, assignment.ClientIndex, assignment.Role);
        if (_timing.StepsOf(item) is > 0 and int steps)
        {
            (settings.Epochs, settings.Steps) = (0, (uint)steps);
        }

        IClientAlgorithm half = model.Mask is { } mask ? new MaskedClient(_client, mask) : _client;
        int stateLength = half.StateLength(model.Schema, settings);
        UpdateEncoder? encoder = UpdateEncoder.For(model.Schema, settings, model.Mask);
        int memory = encoder?.StateLength ?? 0;
        int payload = UpdateEncoder.MostBytes(sections);
        _payloads[slot] = _payloads[slot]?.Length >= payload ? _payloads[slot] : GC.AllocateUninitializedArray<byte>(payload);
        _nextStates[slot] = stateLength + memory == 0 ? [] : new float[stateLength + memory];
        float[] state = _states.GetValueOrDefault(assignment.ClientIndex) ?? [];
        byte[]? held = encoder is not null && _adversary is { ChangesUpdates: true } ? GC.AllocateUninitializedArray<byte>(payload) : null;
        var update = new ClientUpdate(
            [.. sections.Select(SectionSpecs.Unframed)], held ?? (encoder is null ? _payloads[slot] : worker.Dense(payload)), _nextStates[slot].AsMemory(0, stateLength));
        var task = new ClientTask
        {
            Schema = model.Schema,
            Parameters = model.Parameters,
            Statistics = model.Statistics,
            Counts = model.Counts,
            Settings = settings,
            Role = assignment.Role,
            Round = (uint)key.Round,
            DownSections = down[assignment.Role],
            State = state.Length == 0 ? default : state.AsMemory(0, stateLength),
        };
        try
        {
            worker.Objective.Select(_setup.Dataset.Examples, _setup.Clients[(int)assignment.ClientIndex].Rows);
            ClientOutcome outcome = half.Run(task, worker.Solver, update, cancellationToken);
            EncodedUpdate? encoded = update.Has(SectionRole.TopK) ? new EncodedUpdate(update.Payload.Length, update.Headers(), 1, 0, 0, true) : null;
            if (encoder is not null && outcome is ClientOutcome.Completed or ClientOutcome.Partial)
            {
                var draw = new CompressionDraw(settings.Seed, (uint)key.Round, settings.ClientIndex);
                ReadOnlyMemory<float> before = state.Length == 0 ? default : state.AsMemory(stateLength);
                var whole = new HeldUpdate(update, held ?? [], encoder, before, _nextStates[slot].AsMemory(stateLength), draw);
                if (held is not null)
                {
                    _held[slot] = whole;
                }
                else
                {
                    encoded = whole.Encode(_payloads[slot]);
                    outcome = encoded.Value.IsFinite ? outcome : ClientOutcome.Diverged;
                }
            }

            return new ClientTaskResult(outcome, null, update.Weight, update.Steps, update.TrainingLoss, update.Gradients, encoded);
        }
        catch (Exception exception) when (exception is not (OperationCanceledException or OutOfMemoryException))
        {
            return new ClientTaskResult(null, $"{exception.GetType().Name}: {exception.Message}", 0, 0, double.NaN, 0);
        }
    }

    private void Count(
        RoundKey key, Assignment assignment, ClientTaskResult result, int slot, ICohortAggregate aggregate, Dictionary<uint, float[]> pendingStates)
    {
        int length = result.Encoded?.Length ?? ClientUpdate.PayloadLength(_algorithm.UpSections(assignment.Role));
        ReadOnlySpan<byte> payload = _payloads[slot].AsSpan(0, length);
        aggregate.Add(payload, new UpdateCommitted(
            key, assignment.Id, assignment.DeviceId, "simulation", "", payload.Length, 0, result.Weight, result.Steps, result.TrainingLoss,
            _timing.Elapsed, 0, assignment.Role));
        if (_nextStates[slot].Length > 0)
        {
            pendingStates[assignment.ClientIndex] = _nextStates[slot];
        }

        if (result.Encoded is { } encoded && _compresses)
        {
            _compressed.Add(new ClientCompression(assignment.DeviceId, length, DownOf(assignment), encoded.Contraction, encoded.ErrorNorm, encoded.Saturated));
        }

        _machine.Stored(assignment.Id, _clock.Now);
    }

    private long BytesDown()
    {
        long bytes = 0;
        foreach (Assignment assignment in _machine.Assignments)
        {
            bytes += DownOf(assignment);
            if (assignment.State == AssignmentState.Counted)
            {
                Holders?.Took(assignment.ClientIndex);
            }
        }

        return bytes;
    }

    private long BytesUp(Assignment assignment, ClientTaskResult result) =>
        result.Encoded is { } encoded ? WireSizes.Up(encoded.Sections) : _bytesUp[assignment.Role];

    private void Fail(RoundKey key, Assignment assignment, ClientTaskResult result, UpdateFault? fault)
    {
        (string kind, string reason) = fault is { } found ? (found.Kind, found.Reason) : WorkFailure.Of(result);
        _failures.Add(new ClientFailure(key.Round, assignment.DeviceId, kind, reason));
        _machine.Failed(assignment.Id, assignment.DeviceId, kind, reason, _clock.Now);
    }

    private void Observe(RoundAggregate aggregate)
    {
        foreach (UpdateCommitted update in _selection.LooksBack ? aggregate.Included : [])
        {
            _selection.Observe(new Participation(
                _machine.Find(update.AssignmentId)!.ClientIndex, update.Key.Round, update.Weight, update.TrainingLoss, update.TrainingSeconds));
        }
    }

    private RoundReport Close(RoundKey key, ICohortAggregate tier, Dictionary<uint, float[]> pendingStates, ModelContent model, long bytesUp)
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
            Observe(aggregate);
            foreach (Assignment assignment in _machine.Assignments.Where(assignment => pendingStates.ContainsKey(assignment.ClientIndex)))
            {
                _states[assignment.ClientIndex] = pendingStates[assignment.ClientIndex];
            }
        }
        else
        {
            // As in the live system, an abandoned round makes void what clients have saved.
            _machine.SettleAbandoned(abandoned);
            aggregate = new RoundAggregate([], []);
            _states.Clear();
            _algorithm.BeginEpoch(++_stateEpoch);
        }

        long bytesDown = BytesDown();
        if (abandoned is null)
        {
            _downLink?.Follow(model, key.Round);
            Follow(model, key.Round);
        }

        HashSet<string> byzantine = [.. _machine.Assignments.Where(assignment => _adversary?.Has(assignment.ClientIndex) == true).Select(assignment => assignment.Id)];
        RoundMetrics figures = RoundFigures.Of(_machine.Assignments, aggregate, bytesDown);
        _machine.Finish();
        return new RoundReport(
            key.Round, null, null, figures.TrainingLoss, figures.Assigned, figures.Counted, figures.Failed, figures.Weight,
            bytesUp, bytesDown, figures.UpdateNorm, abandoned, 0,
            [.. aggregate.Scores.Select((score, i) => new ClientScore(aggregate.Included[i].DeviceId, score.Coefficient, score.Trust, byzantine.Contains(aggregate.Included[i].AssignmentId)))],
            abandoned is null ? [.. _compressed] : [])
        {
            DownError = abandoned is null ? _downLink?.Owed : null,
        };
    }
}
