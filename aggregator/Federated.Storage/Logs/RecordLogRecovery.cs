namespace Federated.Storage.Logs;

/// <summary>What <see cref="RecordLog.Open"/> found.</summary>
/// <param name="Records">Records that verify, kept.</param>
/// <param name="KeptBytes">Length of the file now.</param>
/// <param name="CutBytes">Bytes behind the last record that verifies, cut off: an interrupted append, or damage.</param>
public readonly record struct RecordLogRecovery(int Records, long KeptBytes, long CutBytes);
