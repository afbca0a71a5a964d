using Federated.Protocol.Rounds;

namespace Federated.Aggregator.Tree;

/// <summary>The latest rounds that ended, and by whose word: what is said of them later by the same or an older writer is late.</summary>
internal sealed class EndedRounds
{
    private const int Remembered = 1024;

    private readonly Lock _gate = new();
    private readonly Dictionary<RoundKey, ulong> _writers = [];
    private readonly Queue<RoundKey> _order = new();

    public void Add(RoundKey key, ulong writerEpoch)
    {
        lock (_gate)
        {
            if (!_writers.ContainsKey(key))
            {
                _order.Enqueue(key);
            }

            _writers[key] = writerEpoch;
            if (_order.Count > Remembered)
            {
                _writers.Remove(_order.Dequeue());
            }
        }
    }

    /// <summary>Whether a round was ended by this writer or a later one.</summary>
    public bool Has(RoundKey key, ulong writerEpoch)
    {
        lock (_gate)
        {
            return _writers.TryGetValue(key, out ulong endedBy) && endedBy >= writerEpoch;
        }
    }
}
