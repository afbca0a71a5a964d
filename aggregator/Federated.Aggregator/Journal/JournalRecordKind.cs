namespace Federated.Aggregator.Journal;

/// <summary>What a journal record says. The numbers are on disks: never change one.</summary>
internal enum JournalRecordKind
{
    /// <summary>A round takes updates under this writer epoch and schema.</summary>
    RoundOpened = 1,

    /// <summary>An update is in the pool (and in the spool, when the round asks for it).</summary>
    UpdateStored = 2,

    /// <summary>The round is abandoned or forgotten; everything said of it before is void.</summary>
    RoundEnded = 3,
}
