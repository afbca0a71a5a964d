using System.Collections.Immutable;
using Federated.Client.Algorithms;
using Federated.Client.Compression;
using Federated.Client.Pruning;
using Federated.Coordination.Algorithms;
using Federated.Coordination.Rounds;
using Federated.Protocol.Codecs;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Rounds;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;
using Federated.Simulation.Models;

namespace Federated.Simulation.Engine;

/// <summary>
/// The local work of a round's clients. Each result lies in a place until it is reported; under attacks every client of the round has a place of its own, and its update stays dense until the attackers have
/// seen those of the others.
/// </summary>
internal sealed class CohortWork
{
    private readonly SimulationSetup _setup;
    private readonly JobDefinition _job;
    private readonly IServerAlgorithm _algorithm;
    private readonly IClientAlgorithm _client;
    private readonly RoundTiming _timing;
    private readonly ClientStates _states;
    private readonly bool _waits;
    private byte[][] _payloads = [];
    private float[][] _nextStates = [];
    private ClientTaskResult[] _results = [];
    private UpdateFault?[] _faults = [];
    private HeldUpdate?[] _held = [];

    /// <param name="setup">The simulation.</param>
    /// <param name="algorithm">The server half.</param>
    /// <param name="timing">Knows what devices do of their steps.</param>
    /// <param name="states">What clients keep.</param>
    /// <param name="waits">Whether updates wait for attackers.</param>
    public CohortWork(SimulationSetup setup, IServerAlgorithm algorithm, RoundTiming timing, ClientStates states, bool waits)
    {
        _setup = setup;
        _job = setup.Request.Job;
        _algorithm = algorithm;
        _client = ClientAlgorithms.Find(ServerAlgorithms.BuiltIn.ClientHalfOf(_job.Algorithm.Name)!)!;
        _timing = timing;
        _states = states;
        _waits = waits;
    }

    /// <summary>Makes room for the work of so many clients at once.</summary>
    public void Hold(int clients)
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

    /// <summary>Does a client's task on a worker's thread.</summary>
    /// <param name="worker">The worker.</param>
    /// <param name="start">What it starts from.</param>
    /// <param name="assignment">The client.</param>
    /// <param name="item">Its number in the order of reports.</param>
    /// <param name="place">Where the result goes.</param>
    /// <param name="cancellationToken">Ends it between two local steps.</param>
    public void Do(ModelWorker worker, CohortStart start, Assignment assignment, int item, int place, CancellationToken cancellationToken)
    {
        _results[place] = Train(worker, start, assignment, item, place, cancellationToken);

        // Checked by the worker, because what is done in the order of reports is done by one at a time.
        _faults[place] = _waits ? null : Find(assignment, place);
    }

    /// <summary>The client vanishes: nothing is done.</summary>
    public void Skip(int place) => (_results[place], _faults[place]) = (default, null);

    /// <summary>What came of a client's task.</summary>
    public ClientTaskResult ResultAt(int place) => _results[place];

    /// <summary>Why an update does not count; null when it does.</summary>
    public UpdateFault? FaultOf(Assignment assignment, int place) => _waits ? Find(assignment, place) : _faults[place];

    /// <summary>The bytes of an update.</summary>
    public ReadOnlySpan<byte> PayloadOf(Assignment assignment, int place) =>
        _payloads[place].AsSpan(0, _results[place].Encoded?.Length ?? ClientUpdate.PayloadLength(_algorithm.UpSections(assignment.Role)));

    /// <summary>What the client keeps if its round makes a model; empty for nothing.</summary>
    public float[] NextStateAt(int place) => _nextStates[place];

    /// <summary>What attackers see: the updates of all who have one, in the order of reports.</summary>
    public List<ClientPayload> Sent(List<Assignment> order, bool[] vanishes) =>
        [.. Enumerable.Range(0, order.Count)
            .Where(item => !vanishes[item] && _results[item].Outcome is ClientOutcome.Completed or ClientOutcome.Partial)
            .Select(item => _held[item] is { } held
                ? new ClientPayload(order[item].ClientIndex, [.. held.Update.Sections], held.Payload)
                : new ClientPayload(order[item].ClientIndex, _algorithm.UpSections(order[item].Role), _payloads[item]))];

    /// <summary>What was held back for the attackers is compressed now, by them as by the others.</summary>
    public void Compress(int place)
    {
        if (_held[place] is { } held)
        {
            EncodedUpdate encoded = held.Encode(_payloads[place]);
            _results[place] = _results[place] with
            {
                Outcome = encoded.IsFinite ? _results[place].Outcome : ClientOutcome.Diverged,
                Weight = held.Update.Weight,
                Encoded = encoded,
            };
        }
    }

    private UpdateFault? Find(Assignment assignment, int place) => _results[place].Outcome is ClientOutcome.Completed or ClientOutcome.Partial
        ? UpdateFault.Find(_job.Bounds, _results[place], _algorithm.UpSections(assignment.Role), _payloads[place])
        : null;

    private ClientTaskResult Train(ModelWorker worker, CohortStart start, Assignment assignment, int item, int place, CancellationToken cancellationToken)
    {
        (RoundKey key, ModelContent model, var down) = start;
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
        _payloads[place] = _payloads[place]?.Length >= payload ? _payloads[place] : GC.AllocateUninitializedArray<byte>(payload);
        _nextStates[place] = stateLength + memory == 0 ? [] : new float[stateLength + memory];
        float[] state = _states.Of(assignment.ClientIndex);
        byte[]? held = encoder is not null && _waits ? GC.AllocateUninitializedArray<byte>(payload) : null;
        var update = new ClientUpdate(
            encoder is null ? sections : [.. sections.Select(SectionSpecs.Unframed)], held ?? (encoder is null ? _payloads[place] : worker.Dense(payload)), _nextStates[place].AsMemory(0, stateLength));
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
            worker.Use(model.Mask);
            worker.Objective.Select(_setup.Dataset.Examples, _setup.Clients[(int)assignment.ClientIndex].Rows);
            ClientOutcome outcome = half.Run(task, worker.Solver, update, cancellationToken);
            EncodedUpdate? encoded = update.Has(SectionRole.TopK) ? new EncodedUpdate(update.Payload.Length, update.Headers(), 1, 0, 0, true) : null;
            if (encoder is not null && outcome is ClientOutcome.Completed or ClientOutcome.Partial)
            {
                var draw = new CompressionDraw(settings.Seed, (uint)key.Round, settings.ClientIndex);
                ReadOnlyMemory<float> before = state.Length == 0 ? default : state.AsMemory(stateLength);
                var whole = new HeldUpdate(update, held ?? [], encoder, before, _nextStates[place].AsMemory(stateLength), draw);
                if (held is not null)
                {
                    _held[place] = whole;
                }
                else
                {
                    encoded = whole.Encode(_payloads[place]);
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
}
