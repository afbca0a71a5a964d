using Federated.Coordination.Persistence;

namespace Federated.Coordination.Exchange;

/// <summary>What happened since the last checkpoint; stored with the next one.</summary>
internal sealed class WindowFigures
{
    private readonly HashSet<uint> _machines = [];
    private readonly HashSet<uint> _absent = [];
    private long _messages;
    private long _bytesUp;
    private long _bytesDown;
    private double _lossSum;
    private int _losses;

    public void Sent(uint machine, int bytes)
    {
        _machines.Add(machine);
        _messages++;
        _bytesUp += bytes;
    }

    public void Received(long bytes) => _bytesDown += bytes;

    public void Missed(uint machine) => _absent.Add(machine);

    public void Reported(double loss)
    {
        _lossSum += loss;
        _losses++;
    }

    /// <summary>The figures in the words of a round: the machines in the log count, those that a deadline passed over failed, and the weight is the number of messages.</summary>
    public RoundMetrics ToMetrics() => new(
        _machines.Union(_absent).Count(), _machines.Count, _absent.Count, _messages, _bytesUp, _bytesDown, _losses > 0 ? _lossSum / _losses : null);
}
