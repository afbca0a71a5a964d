namespace Federated.Client.OneByte.Peers;

/// <summary>What members say their states are. A member's own state is the wrong one when a quorum is of another mind.</summary>
/// <param name="rounds">Rounds of the run.</param>
/// <param name="quorum">More than half of the members.</param>
internal sealed class PeerStates(uint rounds, int quorum)
{
    private readonly Dictionary<uint, byte[]> _own = [];
    private readonly Dictionary<uint, (uint Round, byte[] Sha256)> _early = [];
    private readonly HashSet<uint> _disagree = [];
    private readonly HashSet<uint> _finished = [];

    /// <summary>What was told of rounds that this member had not reached.</summary>
    public (uint Member, uint Round, byte[] Sha256)[] Early => [.. _early.Select(pair => (pair.Key, pair.Value.Round, pair.Value.Sha256))];

    /// <summary>Whether a member has said that its last state is this one's.</summary>
    public bool HasFinished(uint member) => _finished.Contains(member);

    /// <summary>This member has come to a round where states are compared.</summary>
    public void Reach(uint round, byte[] hash)
    {
        _own[round] = hash;
        _disagree.Clear();
    }

    /// <summary>A member tells its state.</summary>
    /// <param name="member">Who.</param>
    /// <param name="round">Before which round.</param>
    /// <param name="hash">SHA-256 of the state.</param>
    /// <param name="current">The open round of this member.</param>
    /// <returns>Whether this member's own state is the wrong one.</returns>
    public bool IsContradicted(uint member, uint round, ReadOnlySpan<byte> hash, uint current)
    {
        if (!_own.TryGetValue(round, out byte[]? mine))
        {
            if (round > current)
            {
                _early[member] = (round, hash.ToArray());
            }

            return false;
        }

        if (hash.SequenceEqual(mine))
        {
            if (round == rounds)
            {
                _finished.Add(member);
            }

            return false;
        }

        if (!_disagree.Add(member) || _disagree.Count < quorum)
        {
            return false;
        }

        _disagree.Clear();
        return true;
    }
}
