using Federated.Client.OneByte;
using Federated.Client.Torch.Training;
using Federated.Client.Training;
using Federated.Protocol.Models;
using Federated.Protocol.OneByte;

namespace Federated.Samples.LanguageModel;

/// <summary>Machines that exchange one byte a gradient: each has its own data, its own copy of the weights, and applies the records that go to all of them as bytes.</summary>
internal sealed class Fleet
{
    private const ulong Seed = 1;

    private readonly OneByteManifest _manifest;
    private readonly ModelContent _model;
    private readonly OneByteSettings _settings;
    private readonly List<Machine> _machines = [];
    private readonly List<byte[]> _log = [];
    private byte[] _checkpoint = [];
    private int _checkpointRecords;

    public Fleet(OneByteSettings settings, OneByteManifest manifest, ModelContent model)
    {
        (_settings, _manifest, _model) = (settings, manifest, model);
        Sequencer = new OneByteSequencer(Follower = New());
    }

    /// <summary>Bytes that machines have sent: gradients and their framing.</summary>
    public long BytesUp { get; private set; }

    /// <summary>Bytes that machines have got: records and, for a latecomer, the checkpoint.</summary>
    public long BytesDown { get; private set; }

    /// <summary>Of the bytes up, those that are gradients.</summary>
    public long Gradients { get; private set; }

    /// <summary>The hash of every machine's state.</summary>
    public IEnumerable<string> Hashes => _machines.Select(machine => Convert.ToHexStringLower(machine.State.StateHash()));

    private OneByteSequencer Sequencer { get; }

    private OneByteMachine Follower { get; }

    /// <summary>A machine joins: from the start, or with the last checkpoint and the records after it. Returns the bytes that it took.</summary>
    public int Join(TorchObjective objective)
    {
        OneByteMachine state = New();
        int bytes = 0;
        if (_log.Count > 0)
        {
            state.Restore(_checkpoint);
            bytes = _checkpoint.Length;
            foreach (byte[] record in _log.Skip(_checkpointRecords))
            {
                state.Apply(RoundCommitment.Read(record)!);
                bytes += record.Length;
            }
        }

        _machines.Add(new Machine(state, new SlopeMeter(_settings, _manifest, _model.Parameters), objective));
        BytesDown += bytes;
        return bytes;
    }

    /// <summary>One round; returns the mean loss that the machines measured.</summary>
    public double Round(int batch, CancellationToken stop)
    {
        double[] losses = new double[_machines.Count];
        byte[][] sent = new byte[_machines.Count][];
        Parallel.For(0, _machines.Count, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = stop }, m =>
        {
            Machine machine = _machines[m];
            byte[] codes = new byte[_settings.BytesPerMachine];
            losses[m] = machine.Meter.Measure(machine.State, (uint)m, machine.Objective, Seed, batch, codes, stop).MeanLoss;
            sent[m] = new GradientBytes(machine.State.Round, (uint)m, machine.State.Previous, codes).ToBytes();
        });
        foreach (byte[] message in sent)
        {
            Sequencer.Offer(GradientBytes.Read(message)!);
            BytesUp += message.Length;
            Gradients += message.Length - GradientBytes.FramingBytes;
        }

        byte[] record = Sequencer.Propose().ToBytes();
        Sequencer.Commit(RoundCommitment.Read(record)!);
        _log.Add(record);
        foreach (Machine machine in _machines)
        {
            machine.State.Apply(RoundCommitment.Read(record)!);
            BytesDown += record.Length;
        }

        if (_log.Count % 32 == 0)
        {
            (_checkpoint, _checkpointRecords) = (Follower.Checkpoint(), _log.Count);
        }

        return losses.Average();
    }

    /// <summary>The mean loss and accuracy of the present weights on rows that no machine sees.</summary>
    public Evaluation Evaluate(TorchObjective objective, CancellationToken stop)
    {
        float[] weights = new float[_manifest.Elements];
        Follower.CopyTo(weights);
        float[] all = [.. _model.Parameters];
        _manifest.Scatter(weights, all);
        return objective.Evaluate(all, stop);
    }

    private OneByteMachine New()
    {
        OneByteMachine machine = OneByteMachine.Start(_settings, _manifest, _model.Parameters);
        if (_checkpoint.Length == 0)
        {
            _checkpoint = machine.Checkpoint();
        }

        return machine;
    }

    private sealed record Machine(OneByteMachine State, SlopeMeter Meter, TorchObjective Objective);
}
