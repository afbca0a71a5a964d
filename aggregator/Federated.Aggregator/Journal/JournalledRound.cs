using Federated.Protocol.Rounds;

namespace Federated.Aggregator.Journal;

/// <summary>What the journal of an earlier process says about a round that had not ended.</summary>
internal sealed class JournalledRound(RoundKey key)
{
    public RoundKey Key { get; } = key;

    public ulong WriterEpoch { get; set; }

    public string SchemaHash { get; set; } = string.Empty;

    /// <summary>By assignment id; an update that was asked again counts with its last record.</summary>
    public Dictionary<string, UpdateCommitted> Updates { get; } = new(StringComparer.Ordinal);
}
