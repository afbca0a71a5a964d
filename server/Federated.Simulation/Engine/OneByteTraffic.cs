using Federated.Protocol.Models;
using Federated.Protocol.OneByte;

namespace Federated.Simulation.Engine;

/// <summary>
/// Bytes that a machine must get before it can measure: at first the run's settings, then every record that it has missed, or the last checkpoint and the records after it
/// when those are fewer bytes. The initial model is the checkpoint of round 0.
/// </summary>
internal sealed class OneByteTraffic
{
    private readonly long _settings;
    private readonly long _model;
    private readonly int _window;
    private readonly long _checkpointSize;
    private readonly int[] _known;
    private readonly List<long> _log = [0];

    public OneByteTraffic(OneByteSettings settings, ModelSchema schema, int machines, int window, long checkpointSize)
    {
        _settings = settings.ToBytes().Length;
        _model = ModelFile.SizeOf(schema);
        _window = window;
        _checkpointSize = checkpointSize;
        _known = new int[machines];
        Array.Fill(_known, -1);
    }

    private int Round => _log.Count - 1;

    /// <summary>What a machine gets to come to the open round; it is there afterwards.</summary>
    public long Down(int machine)
    {
        int known = _known[machine];
        _known[machine] = Round;
        int checkpoint = Round / _window * _window;
        long fromCheckpoint = (checkpoint == 0 ? _model : _checkpointSize) + _log[Round] - _log[checkpoint];

        // A newcomer needs the initial model too when it replays the log.
        long fromLog = _log[Round] - _log[Math.Max(known, 0)] + (known < 0 ? _model : 0);
        return (known < 0 ? _settings : 0) + Math.Min(fromLog, fromCheckpoint);
    }

    /// <summary>A record has been added to the log.</summary>
    public void Committed(int bytes) => _log.Add(_log[Round] + bytes);
}
