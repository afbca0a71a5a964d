using System.Collections.Concurrent;
using Federated.Protocol.Rounds;

namespace Federated.Aggregator.Rounds;

/// <summary>The rounds that the node has now, why the latest others ended, and the newest writer of each job.</summary>
internal sealed class RoundTable
{
    private const int RememberedEndings = 1024;

    private readonly ConcurrentDictionary<RoundKey, NodeRound> _rounds = new();
    private readonly ConcurrentDictionary<RoundKey, string> _endings = new();
    private readonly ConcurrentQueue<RoundKey> _endingOrder = new();
    private readonly ConcurrentDictionary<(string Tenant, string Job), ulong> _writers = new();

    /// <summary>Updates of all rounds that wait for their sum.</summary>
    public int Waiting => _rounds.Values.Sum(round => round.Sums.Waiting);

    public IEnumerable<NodeRound> All => _rounds.Values;

    public NodeRound? Find(RoundKey key) => _rounds.GetValueOrDefault(key);

    /// <summary>The newest buffer of a job; null when the node has none.</summary>
    public NodeRound? FindBuffer(RoundKey key)
    {
        NodeRound? newest = null;
        foreach (NodeRound round in _rounds.Values)
        {
            RoundKey other = round.Plan.Key;
            if (round.Plan.IsBuffer && other.TenantId == key.TenantId && other.JobId == key.JobId && other.Kind == key.Kind
                && other.Round > (newest?.Plan.Key.Round ?? 0))
            {
                newest = round;
            }
        }

        return newest;
    }

    public void Add(NodeRound round)
    {
        _endings.TryRemove(round.Plan.Key, out _);
        _rounds[round.Plan.Key] = round;
    }

    /// <summary>Takes an ended round out and remembers why it ended.</summary>
    public void Remove(RoundKey key, string reason)
    {
        _rounds.TryRemove(key, out _);
        _endings[key] = reason;
        _endingOrder.Enqueue(key);
        while (_endingOrder.Count > RememberedEndings && _endingOrder.TryDequeue(out RoundKey? oldest))
        {
            _endings.TryRemove(oldest, out _);
        }
    }

    /// <summary>Why an update of this round is not taken, in one sentence.</summary>
    public string Explain(RoundKey key)
    {
        if (_endings.TryGetValue(key, out string? reason))
        {
            return $"Round {key.Round} of job {key.JobId} has ended: {reason}";
        }

        return Find(key) is null
            ? $"Round {key.Round} of job {key.JobId} is not open at this node; drop the update and check in again."
            : $"Round {key.Round} of job {key.JobId} takes no more updates; drop the update and check in again.";
    }

    /// <summary>Notes the writer of a job; false when a newer one has been seen.</summary>
    public bool TryAcceptWriter(RoundKey key, ulong epoch, out ulong newest)
    {
        newest = _writers.AddOrUpdate((key.TenantId, key.JobId), epoch, (_, seen) => Math.Max(seen, epoch));
        return newest == epoch;
    }
}
