using System.Collections.Concurrent;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Aggregator.Tree;

/// <summary>The rounds that a node has open now, each in its present tree, and those that have ended.</summary>
internal sealed class MemberRounds
{
    private readonly ConcurrentDictionary<RoundKey, MemberRound> _rounds = new();

    public bool IsEmpty => _rounds.IsEmpty;

    public EndedRounds Ended { get; } = new();

    public MemberRound? Find(RoundKey key) => _rounds.GetValueOrDefault(key);

    /// <summary>The round in the tree that a caller means; null when it is open here in another one, or not at all.</summary>
    public MemberRound? Find(FetchRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Find(PartialNames.KeyOf(request)) is { } round && round.CompareTo(request.WriterEpoch, (int)request.Revision) == 0 ? round : null;
    }

    public void Add(RoundKey key, MemberRound round) => _rounds[key] = round;

    public void Remove(RoundKey key) => _rounds.TryRemove(key, out _);

    public MemberRound[] TakeAll()
    {
        MemberRound[] all = [.. _rounds.Values];
        _rounds.Clear();
        return all;
    }
}
