using Federated.Protocol.Rounds;

namespace Federated.Aggregator.Journal;

/// <summary>One entry of the node's journal, written as UTF-8 JSON.</summary>
/// <param name="Kind">What it says.</param>
/// <param name="Round">Of which round.</param>
/// <param name="WriterEpoch">Fencing epoch of the plan; only with <see cref="JournalRecordKind.RoundOpened"/>.</param>
/// <param name="SchemaHash">Schema of the plan; only with <see cref="JournalRecordKind.RoundOpened"/>.</param>
/// <param name="Update">The claim check; only with <see cref="JournalRecordKind.UpdateStored"/>.</param>
internal sealed record JournalRecord(
    JournalRecordKind Kind, RoundKey Round, ulong WriterEpoch = 0, string? SchemaHash = null, UpdateCommitted? Update = null);
