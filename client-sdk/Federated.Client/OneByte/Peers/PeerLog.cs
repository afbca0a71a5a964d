using Federated.Protocol.OneByte;

namespace Federated.Client.OneByte.Peers;

/// <summary>The last records of a member, for those who are behind.</summary>
internal sealed class PeerLog
{
    private const int MostRecords = 256;

    private readonly List<RoundCommitment> _records = [];

    public void Add(RoundCommitment record)
    {
        _records.Add(record);
        if (_records.Count > MostRecords)
        {
            _records.RemoveAt(0);
        }
    }

    public void Clear() => _records.Clear();

    /// <summary>The records that continue a log; empty when they are not kept any more, or the log is another.</summary>
    /// <param name="round">The first round that the log lacks.</param>
    /// <param name="previous">The hash before it.</param>
    public IEnumerable<RoundCommitment> Behind(uint round, ulong previous)
    {
        int first = _records.FindIndex(record => record.Round == round && record.Previous == previous);
        return first < 0 ? [] : _records.Skip(first);
    }
}
