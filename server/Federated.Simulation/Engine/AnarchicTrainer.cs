using System.Runtime.InteropServices;
using Federated.Client.Algorithms;
using Federated.Client.Compression;
using Federated.Client.Pruning;
using Federated.Client.Training;
using Federated.Coordination.Anarchic;
using Federated.Coordination.Rounds;
using Federated.Numerics;
using Federated.Protocol;
using Federated.Protocol.Codecs;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Rounds;
using Federated.Protocol.Sections;
using Federated.Protocol.Tier;
using Federated.Protocol.V1;
using Federated.Simulation.Devices;
using Federated.Simulation.Models;

namespace Federated.Simulation.Engine;

/// <summary>
/// Drives an asynchronous server half by events in simulated seconds. A fixed number of workers is in flight; whoever arrives or is lost makes room for the next one. When an update arrives is
/// known before it is trained, so all that are in flight can be trained in parallel, and they are handed over in the order of their arrival.
/// </summary>
internal sealed class AnarchicTrainer : IRoundTrainer
{
    private const int Tries = 200;
    private const double PauseSeconds = 60, PatienceSeconds = 30 * 86_400;

    private readonly SimulationSetup _setup;
    private readonly JobDefinition _job;
    private readonly IAnarchicAlgorithm _algorithm;
    private readonly IClientAlgorithm _client;
    private readonly OrderedWorkers<ModelWorker> _workers;
    private readonly List<ClientFailure> _failures;
    private readonly DeviceFleet _fleet;
    private readonly int _atWork;
    private readonly CounterRandom _picks;
    private readonly PriorityQueue<InFlight, (double Ends, long Number)> _arrivals = new();
    private readonly List<InFlight> _untrained = [];
    private readonly HashSet<uint> _busy = [];
    private readonly Dictionary<uint, uint> _turns = [];
    private readonly Dictionary<string, (string Client, double Loss, ClientCompression? Compression)> _offered = new(StringComparer.Ordinal);
    private readonly Stack<byte[]> _payloads = new();
    private long _down;
    private long _up;
    private AnarchicForm? _form;
    private ModelContent? _pulled;
    private double _now;
    private double _flushAt = double.PositiveInfinity;
    private double _clientSeconds;
    private long _begun;
    private int _selected;
    private int _failed;
    private long _bytesUp;
    private long _bytesDown;
    private long _gradients;

    public AnarchicTrainer(SimulationSetup setup, ModelContent initial, OrderedWorkers<ModelWorker> workers, List<ClientFailure> failures)
    {
        _setup = setup;
        _job = setup.Request.Job;
        _algorithm = AnarchicAlgorithms.BuiltIn.Create(_job, setup.Model.Schema);
        _algorithm.Follow(initial);
        _client = ClientAlgorithms.Find(_algorithm.TrainingFor(0).Algorithm)!;
        _workers = workers;
        _failures = failures;
        _fleet = setup.Fleet ?? new DeviceFleet(DeviceProfile.BuiltIn[0], _job.Seed, setup.Request.DropOut);
        _atWork = Math.Min(RoundTerms.ForTraining(_job).Target, setup.Clients.Count);
        _picks = new CounterRandom(_job.Seed, RandomPurpose.Selection, uint.MaxValue);
        Tree = TreePlan.Single("server", 0, 1);
    }

    public long ClientUpdates { get; private set; }

    public TreePlan Tree { get; }

    public TreeFigures Figures { get; } = new(0, 0, 0, 0, 0, 0);

    public string? StateHash => null;

    /// <summary>Lets events happen until the next version is made.</summary>
    public RoundReport Train(RoundKey key, ModelContent model, ISimulationObserver observer, CancellationToken cancellationToken)
    {
        Pull(model);
        double quietSince = _now;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Fill();
            if (!_arrivals.TryPeek(out InFlight? next, out (double Ends, long) at) || (at.Ends > _flushAt && _algorithm.CanFlush))
            {
                if (_algorithm.CanFlush && double.IsFinite(_flushAt))
                {
                    _now = Math.Max(_now, _flushAt);
                    return Advance(key, model);
                }

                // Nobody is there: time passes until somebody comes.
                _now += PauseSeconds;
                if (_now - quietSince > PatienceSeconds)
                {
                    throw new SimulationException($"version {key.Round}: no device was there for {PatienceSeconds / 86_400} simulated days; give more clients or other --devices.");
                }

                continue;
            }

            if (next.Task.Lost is null && !next.IsTrained)
            {
                TrainAll(cancellationToken);
            }

            _arrivals.Dequeue();
            _now = at.Ends;
            quietSince = _now;
            Arrive(key.Round, next);
            observer.ClientFinished(key.Round, _algorithm.Buffered, _algorithm.Goal);
            if (_algorithm.CanAdvance || (_now >= _flushAt && _algorithm.CanFlush))
            {
                return Advance(key, model);
            }
        }
    }

    public void Dispose()
    {
        // Nothing is owned: workers and their models belong to the simulator.
    }

    /// <summary>What is pulled from now on, and what that takes.</summary>
    private void Pull(ModelContent model)
    {
        _pulled = new ModelContent(model.Schema, [.. model.Parameters], [.. model.Statistics], [.. model.Counts]);
        if (model.Mask is { } mask)
        {
            _pulled.Use(mask);
        }

        if (_form?.Role != _algorithm.Role)
        {
            _form = _algorithm.FormOf(_algorithm.Role);
            _down = WireSizes.Down(_pulled, []);
            _up = WireSizes.Planned(_pulled, _form.Sections, _algorithm.TrainingFor(0));
        }
    }

    /// <summary>Workers begin until as many are in flight as the job asks for, or nobody else is there.</summary>
    private void Fill()
    {
        while (_busy.Count < _atWork && Pick() is { } client)
        {
            uint turn = _turns.GetValueOrDefault(client);
            _turns[client] = turn + 1;
            LocalTraining settings = _algorithm.TrainingFor(client);
            int planned = LocalSgdPlan.From(settings).StepsFor(_setup.Clients[(int)client].Rows.Length);
            var work = new InFlight
            {
                Client = client,
                Form = _form!,
                Settings = settings,
                Down = _down,
                Up = _up,
                Turn = turn,
                Version = _algorithm.Version,
                Model = _pulled!,
                Task = _fleet.Begin(client, turn, _now, planned, _down, _up),
                Began = _now,
            };
            _busy.Add(client);
            _arrivals.Enqueue(work, (work.Task.Ends, _begun++));
            if (work.Task.Lost is null)
            {
                _untrained.Add(work);
            }

            _selected++;
            _bytesDown += _down;
        }
    }

    /// <summary>A client that is there and idle, each as likely as its device is active; null when there is none.</summary>
    private uint? Pick()
    {
        int clients = _setup.Clients.Count;
        for (int i = 0; i < Tries; i++)
        {
            uint client = (uint)_picks.NextInt(clients);
            if (!_busy.Contains(client) && _fleet.IsThere(client, _now) && _picks.NextDouble() * _fleet.MostActivity < _fleet.ClassOf(client).Activity)
            {
                return client;
            }
        }

        uint[] there = [.. Enumerable.Range(0, clients).Select(client => (uint)client).Where(client => !_busy.Contains(client) && _fleet.IsThere(client, _now))];
        return there.Length == 0 ? null : there[_picks.NextInt(there.Length)];
    }

    private void TrainAll(CancellationToken cancellationToken)
    {
        foreach (InFlight work in _untrained)
        {
            int most = UpdateEncoder.MostBytes(work.Form.Sections);
            work.Payload = _payloads.TryPop(out byte[]? payload) && payload.Length >= most ? payload : GC.AllocateUninitializedArray<byte>(most);
        }

        _workers.Run(
            _untrained.Count,
            (worker, item, _) =>
            {
                InFlight work = _untrained[item];
                work.Result = Work(worker, work, cancellationToken);
                work.Fault = work.Result.Outcome is ClientOutcome.Completed or ClientOutcome.Partial
                    ? UpdateFault.Find(_job.Bounds, work.Result, work.Form.Sections, work.Payload)
                    : null;
            },
            (item, _) => _untrained[item].IsTrained = true,
            cancellationToken);
        ClientUpdates += _untrained.Count;
        _untrained.Clear();
    }

    private ClientTaskResult Work(ModelWorker worker, InFlight work, CancellationToken cancellationToken)
    {
        LocalTraining settings = work.Settings;
        (settings.Epochs, settings.Steps) = work.Task.Steps > 0 ? (0, (uint)work.Task.Steps) : (settings.Epochs, settings.Steps);
        IClientAlgorithm half = work.Model.Mask is { } mask ? new MaskedClient(_client, mask) : _client;
        UpdateEncoder? encoder = UpdateEncoder.For(work.Model.Schema, settings, work.Model.Mask);
        var update = new ClientUpdate(
            [.. work.Form.Sections.Select(SectionSpecs.Unframed)], encoder is null ? work.Payload : worker.Dense(work.Payload.Length));
        var task = new ClientTask
        {
            Schema = work.Model.Schema,
            Parameters = work.Model.Parameters,
            Statistics = work.Model.Statistics,
            Counts = work.Model.Counts,
            Settings = settings,
            Role = work.Form.Role,
            Round = work.Turn + 1,
        };
        try
        {
            worker.Use(work.Model.Mask);
            worker.Objective.Select(_setup.Dataset.Examples, _setup.Clients[(int)work.Client].Rows);
            ClientOutcome outcome = half.Run(task, worker.Solver, update, cancellationToken);
            EncodedUpdate? encoded = update.Has(SectionRole.TopK) ? new EncodedUpdate(update.Payload.Length, update.Headers(), 1, 0, 0, true) : null;
            if (encoder is not null && outcome is ClientOutcome.Completed or ClientOutcome.Partial)
            {
                encoded = encoder!.Encode(update, [], new CompressionDraw(settings.Seed, work.Turn + 1, work.Client), work.Payload, []);
                outcome = encoded.Value.IsFinite ? outcome : ClientOutcome.Diverged;
            }

            return new ClientTaskResult(outcome, null, update.Weight, update.Steps, update.TrainingLoss, update.Gradients, encoded);
        }
        catch (Exception exception) when (exception is not (OperationCanceledException or OutOfMemoryException))
        {
            return new ClientTaskResult(null, $"{exception.GetType().Name}: {exception.Message}", 0, 0, double.NaN, 0);
        }
    }

    private void Arrive(int round, InFlight work)
    {
        _busy.Remove(work.Client);
        _clientSeconds += work.Task.Ends - work.Began;
        string name = _setup.Clients[(int)work.Client].Name;
        if (work.Task.Lost is { } lost)
        {
            Fail(round, name, ErrorKinds.DroppedOut, lost);
            return;
        }

        ClientTaskResult result = work.Result;
        _gradients += result.Gradients;
        if (result.Outcome is not (ClientOutcome.Completed or ClientOutcome.Partial))
        {
            (string kind, string reason) = WorkFailure.Of(result);
            Fail(round, name, kind, reason);
        }
        else
        {
            _bytesUp += result.Encoded is { } encoded ? WireSizes.Up(encoded.Sections) : work.Up;
            if (work.Fault is { } fault)
            {
                Fail(round, name, fault.Kind, fault.Reason);
            }
            else
            {
                Offer(round, name, work);
            }
        }

        _payloads.Push(work.Payload);
    }

    private void Offer(int round, string name, InFlight work)
    {
        float[][] values = Decoded(work);
        ReadOnlySpan<float> Section(SectionRole role) => work.Form.Sections.ToList().FindIndex(section => section.Role == role) is >= 0 and var at ? values[at] : [];

        string id = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{work.Client}-{work.Turn}");
        ArrivalVerdict verdict = _algorithm.Offer(new AnarchicUpdate
        {
            Id = id,
            ClientIndex = work.Client,
            PulledVersion = work.Version,
            Steps = work.Result.Steps,
            Examples = work.Result.Weight,
            Role = work.Form.Role,
            Delta = Section(SectionRole.Delta),
            Statistics = Section(SectionRole.BnStatistics),
            Gradients = Section(SectionRole.TopK),
            PulledParameters = work.Model.Parameters,
            PulledMask = work.Model.Mask,
        });
        if (verdict != ArrivalVerdict.Buffered)
        {
            Discard(round, name, verdict);
            return;
        }

        _offered[id] = (name, work.Result.TrainingLoss, work.Result.Encoded is { } encoded && work.Settings.Compression is not null
            ? new ClientCompression(name, encoded.Length, work.Down, encoded.Contraction, encoded.ErrorNorm, encoded.Saturated)
            : null);
        if (_algorithm.Buffered == 1 && _algorithm.FlushAfter is { } after)
        {
            _flushAt = _now + after.TotalSeconds;
        }
    }

    /// <summary>What the server makes of the sections, in their order.</summary>
    private static float[][] Decoded(InFlight work)
    {
        var values = new float[work.Form.Sections.Length][];
        ReadOnlySpan<byte> rest = work.Payload;
        for (int i = 0; i < values.Length; i++)
        {
            SectionSpec section = work.Form.Sections[i];
            values[i] = new float[(int)section.ElementCount];
            int length = section.Codec == SectionCodec.Frame ? Frames.LengthOf(rest) : values[i].Length * sizeof(float);
            if (section.Codec == SectionCodec.Frame)
            {
                Frames.Decode(rest[..length], values[i]);
            }
            else
            {
                MemoryMarshal.Cast<byte, float>(rest[..length]).CopyTo(values[i]);
            }

            rest = rest[length..];
        }

        return values;
    }

    private RoundReport Advance(RoundKey key, ModelContent model)
    {
        AdvanceResult result = _algorithm.Advance(model);
        foreach (string discarded in result.Discarded)
        {
            Discard(key.Round, _offered[discarded].Client, ArrivalVerdict.Superseded);
        }

        double examples = result.Counted.Sum(arrival => arrival.Examples);
        var report = new RoundReport(
            key.Round, null, null, result.Counted.Sum(arrival => arrival.Examples * _offered[arrival.Id].Loss) / examples,
            _selected, result.Counted.Count, _failed, examples, _bytesUp, _bytesDown, result.StepNorm, null, 0, [],
            [.. result.Counted.Select(arrival => _offered[arrival.Id].Compression).OfType<ClientCompression>()])
        {
            Gradients = _gradients,
            MaskEpoch = model.Mask?.Epoch,
            Kernels = _setup.Kernels.NameFor(_pulled!.Mask),
            SimulatedSeconds = _now,
            ClientSeconds = _clientSeconds,
            Staleness = RoundReport.HistogramOf(result.Counted.Select(arrival => arrival.Staleness)),
        };
        _offered.Clear();
        (_selected, _failed, _bytesUp, _bytesDown, _gradients, _clientSeconds, _flushAt) = (0, 0, 0, 0, 0, 0, double.PositiveInfinity);
        return report;
    }

    /// <summary>As on the live server: an update that the algorithm refuses is discarded with its reason, and its client has not failed.</summary>
    private void Discard(int round, string client, ArrivalVerdict verdict) =>
        _failures.Add(new ClientFailure(round, client, verdict.ToString(), ArrivalReasons.Of(verdict)));

    private void Fail(int round, string client, string kind, string reason)
    {
        _failed++;
        _failures.Add(new ClientFailure(round, client, kind, reason));
    }
}
