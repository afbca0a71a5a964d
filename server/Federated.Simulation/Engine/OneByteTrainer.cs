using System.Numerics.Tensors;
using Federated.Client.OneByte;
using Federated.Numerics;
using Federated.Protocol;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.OneByte;
using Federated.Protocol.Rounds;
using Federated.Protocol.Tier;
using Federated.Simulation.Models;

namespace Federated.Simulation.Engine;

/// <summary>
/// The one-byte exchange over virtual machines: those of a round's cohort measure slopes at the same weights, a sequencer makes the record, and everybody applies it. All machines
/// hold the same bits, so the simulation holds them once.
/// </summary>
internal sealed class OneByteTrainer : IRoundTrainer
{
    private readonly SimulationSetup _setup;
    private readonly JobDefinition _job;
    private readonly OrderedWorkers<ModelWorker> _workers;
    private readonly List<ClientFailure> _failures;
    private readonly OneByteManifest _manifest;
    private readonly OneByteMachine _machine;
    private readonly OneByteSequencer _sequencer;
    private readonly OneByteTraffic _traffic;
    private readonly SlopeMeter?[] _meters;
    private readonly (byte[] Codes, SlopeFigures Figures)[] _results;
    private readonly float[] _first;
    private readonly float[] _before;

    public OneByteTrainer(SimulationSetup setup, ModelContent model, OrderedWorkers<ModelWorker> workers, List<ClientFailure> failures)
    {
        _setup = setup;
        _job = setup.Request.Job;
        _workers = workers;
        _failures = failures;
        _manifest = new OneByteManifest(model.Schema);
        _first = [.. model.Parameters];
        _before = new float[_first.Length];
        OneByteSettings settings = OneByteRun.SettingsOf(_job, "simulation", _manifest, _first);
        _machine = OneByteMachine.Start(settings, _manifest, _first);
        _sequencer = new OneByteSequencer(_machine);
        _traffic = new OneByteTraffic(settings, model.Schema, setup.Clients.Count, OneByteRun.WindowOf(_job), _machine.Checkpoint().Length);
        _meters = new SlopeMeter?[workers.Window];
        _results = new (byte[], SlopeFigures)[workers.Window];
    }

    public long ClientUpdates { get; private set; }

    public TreePlan Tree { get; } = TreePlan.Single("sequencer", 0, 1);

    public TreeFigures Figures { get; } = new(0, 0, 0, 0, 0, 0);

    public string? StateHash => Convert.ToHexStringLower(_machine.StateHash());

    public RoundReport Train(RoundKey key, ModelContent model, ISimulationObserver observer, CancellationToken cancellationToken)
    {
        // 1. The cohort measures at the weights of the last record.
        int[] cohort = Cohort(key.Round);
        long up = 0, down = 0;
        int done = 0;
        var total = new SlopeFigures(0, 0, 0, 0, 0, 0);
        _workers.Run(
            cohort.Length,
            (worker, item, slot) => _results[slot] = Measure(worker, cohort[item], slot, key, cancellationToken),
            (item, slot) =>
            {
                (byte[] codes, SlopeFigures figures) = _results[slot];
                down += _traffic.Down(cohort[item]);
                if (codes.Length > 0)
                {
                    var sent = new GradientBytes(_machine.Round, (uint)cohort[item], _machine.Previous, codes);
                    up += sent.ToBytes().Length;
                    _sequencer.Offer(sent);
                    total = Sum(total, figures);
                    ClientUpdates++;
                }
                else
                {
                    Fail(key, cohort[item]);
                }

                observer.ClientFinished(key.Round, ++done, cohort.Length);
                return true;
            },
            cancellationToken);

        // 2. The record is the same for everybody.
        int counted = _sequencer.Received;
        RoundCommitment record = _sequencer.Propose();
        _sequencer.Commit(record);
        int logBytes = record.ToBytes().Length;
        _traffic.Committed(logBytes);
        model.Parameters.CopyTo(_before, 0);
        float[] weights = new float[_manifest.Elements];
        _machine.CopyTo(weights);
        _manifest.Scatter(weights, model.Parameters);
        return new RoundReport(
            key.Round, null, null, counted == 0 ? null : total.MeanLoss / counted, cohort.Length, counted, cohort.Length - counted, total.Examples,
            up, down, TensorPrimitives.Distance<float>(model.Parameters, _before), null, 0, [], [])
        {
            Slopes = new SlopeReport(counted * _machine.Settings.BytesPerMachine, total.Zero, total.Saturated, total.Invalid, logBytes),
        };
    }

    public void Dispose()
    {
        // Nothing is owned: workers and their models belong to the simulator.
    }

    private int[] Cohort(int round)
    {
        int size = Math.Min(_job.Round.CohortSize, _setup.Clients.Count);
        int[] cohort = new CounterRandom(_job.Seed, RandomPurpose.Selection, 0, (uint)round).Choose(_setup.Clients.Count, size);
        Array.Sort(cohort);
        return cohort;
    }

    private (byte[] Codes, SlopeFigures Figures) Measure(ModelWorker worker, int client, int slot, RoundKey key, CancellationToken stop)
    {
        if (_setup.Clients[client].Rows.Length == 0 || Vanishes(client, key.Round))
        {
            return ([], default);
        }

        SlopeMeter meter = _meters[slot] ??= new SlopeMeter(_machine.Settings, _manifest, _first);
        byte[] codes = new byte[_machine.Settings.BytesPerMachine];
        worker.Objective.Select(_setup.Dataset.Examples, _setup.Clients[client].Rows);
        SlopeFigures figures = meter.Measure(_machine, (uint)client, worker.Objective, _job.Seed, _job.Local.BatchSize, codes, stop);
        return (codes, figures);
    }

    private bool Vanishes(int client, int round) =>
        _setup.Request.DropOut > 0
        && new CounterRandom(_job.Seed, RandomPurpose.Faults, (uint)client, (uint)round).NextDouble() < _setup.Request.DropOut;

    private void Fail(RoundKey key, int client) => _failures.Add(_setup.Clients[client].Rows.Length == 0
        ? new ClientFailure(key.Round, _setup.Clients[client].Name, "no-examples", "The machine has nothing to measure a loss on.")
        : new ClientFailure(
            key.Round, _setup.Clients[client].Name, ErrorKinds.DroppedOut,
            FormattableString.Invariant($"The machine vanished in the middle of the round (drop-out probability {_setup.Request.DropOut}); the record is without it.")));

    private static SlopeFigures Sum(SlopeFigures left, SlopeFigures right) => new(
        left.MeanLoss + right.MeanLoss, left.Passes + right.Passes, left.Examples + right.Examples,
        left.Zero + right.Zero, left.Saturated + right.Saturated, left.Invalid + right.Invalid);
}
