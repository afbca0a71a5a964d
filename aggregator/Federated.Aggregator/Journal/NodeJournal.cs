using System.Collections.Concurrent;
using System.Text.Json;
using Federated.Protocol.Rounds;
using Federated.Storage.Logs;

namespace Federated.Aggregator.Journal;

/// <summary>
/// The append-only file beside the pool that knows which slots hold which updates. It says nothing about sums: a slot
/// key is stale once the slot was freed, so pool and journal together tell what is recoverable and what is lost.
/// </summary>
internal sealed class NodeJournal : IDisposable
{
    private readonly RecordLog _log;
    private readonly int _compactAt;
    private readonly Lock _gate = new();
    private readonly HashSet<RoundKey> _open = [];

    private NodeJournal(RecordLog log, int compactAt)
    {
        _log = log;
        _compactAt = compactAt;
    }

    /// <summary>Rounds of an earlier process that had not ended, by key. The owner ends those that nobody opens again.</summary>
    public ConcurrentDictionary<RoundKey, JournalledRound> Recovered { get; } = new();

    /// <summary>Bytes of a torn tail that the opening cut off.</summary>
    public long CutBytes => _log.Recovery.CutBytes;

    /// <exception cref="InvalidDataException">The file is no journal, or a record that verifies cannot be read.</exception>
    public static NodeJournal Open(string path, int compactAt)
    {
        var journal = new NodeJournal(RecordLog.Open(path), compactAt);
        try
        {
            foreach (ReadOnlyMemory<byte> record in journal._log.Read())
            {
                journal.Replay(Parse(record.Span));
            }

            journal._open.UnionWith(journal.Recovered.Keys);
            return journal;
        }
        catch
        {
            journal.Dispose();
            throw;
        }
    }

    public void RoundOpened(RoundPlan plan)
    {
        lock (_gate)
        {
            _open.Add(plan.Key);
        }

        Append(new JournalRecord(JournalRecordKind.RoundOpened, plan.Key, plan.WriterEpoch, plan.SchemaHash));
    }

    /// <returns>The record's number, for <see cref="FlushAsync"/>.</returns>
    public long UpdateStored(UpdateCommitted update) =>
        Append(new JournalRecord(JournalRecordKind.UpdateStored, update.Key, Update: update));

    /// <summary>Voids a round, and drops its records when the file has grown long.</summary>
    public async Task RoundEndedAsync(RoundKey key, CancellationToken cancellationToken)
    {
        Append(new JournalRecord(JournalRecordKind.RoundEnded, key));
        lock (_gate)
        {
            _open.Remove(key);
        }

        if (_log.Length > _compactAt)
        {
            await _log.CompactAsync(record => IsOpen(Parse(record.Span).Round), cancellationToken);
        }
    }

    /// <summary>Returns when the record is safe from a loss of power.</summary>
    public ValueTask FlushAsync(long record, CancellationToken cancellationToken) => _log.FlushAsync(record, cancellationToken);

    public void Dispose() => _log.Dispose();

    internal static byte[] Format(JournalRecord record) =>
        JsonSerializer.SerializeToUtf8Bytes(record, JournalJson.Default.JournalRecord);

    internal static JournalRecord Parse(ReadOnlySpan<byte> record)
    {
        try
        {
            return JsonSerializer.Deserialize(record, JournalJson.Default.JournalRecord)
                ?? throw new InvalidDataException("A journal record is null.");
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException("A journal record is no JSON of the known form.", exception);
        }
    }

    private long Append(JournalRecord record) => _log.Append(Format(record));

    private bool IsOpen(RoundKey key)
    {
        lock (_gate)
        {
            return _open.Contains(key);
        }
    }

    private void Replay(JournalRecord record)
    {
        if (record.Kind == JournalRecordKind.RoundEnded)
        {
            Recovered.TryRemove(record.Round, out _);
            return;
        }

        JournalledRound round = Recovered.GetOrAdd(record.Round, key => new JournalledRound(key));
        if (record.Kind == JournalRecordKind.RoundOpened)
        {
            round.WriterEpoch = record.WriterEpoch;
            round.SchemaHash = record.SchemaHash ?? string.Empty;
        }
        else if (record is { Kind: JournalRecordKind.UpdateStored, Update: { } update })
        {
            round.Updates[update.AssignmentId] = update;
        }
        else
        {
            throw new InvalidDataException($"The journal has a record of kind {(int)record.Kind}, which this build does not know.");
        }
    }
}
