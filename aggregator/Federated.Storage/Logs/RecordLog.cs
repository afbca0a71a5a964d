using Federated.Storage.Files;

namespace Federated.Storage.Logs;

/// <summary>
/// Append-only file of small records. What <see cref="Append"/> returned survives the death of the process; what
/// <see cref="FlushAsync"/> confirmed survives the loss of power. One process at a time; safe for many threads.
/// </summary>
public sealed class RecordLog : IDisposable
{
    /// <summary>A longer record is a bug of the caller; a longer length in the file is damage.</summary>
    public const int MaxRecordBytes = 16 * 1024 * 1024;

    private readonly string _path;
    private readonly Lock _append = new();

    /// <summary>Whoever holds it flushes for all that wait behind it.</summary>
    private readonly SemaphoreSlim _flush = new(1);

    private RecordLogFile _file;
    private long _end;
    private long _sequence;
    private long _durable;
    private Exception? _fault;

    private RecordLog(string path, RecordLogFile file, RecordLogRecovery recovery)
    {
        _path = path;
        _file = file;
        _end = recovery.KeptBytes;
        _sequence = recovery.Records;
        _durable = recovery.Records;
        Recovery = recovery;
    }

    /// <summary>What the opening found and cut; the caller logs it.</summary>
    public RecordLogRecovery Recovery { get; }

    /// <summary>Bytes of the file; the owner compacts when it grows beyond its liking.</summary>
    public long Length => Volatile.Read(ref _end);

    /// <summary>Opens or creates the log and cuts the tail that does not verify.</summary>
    /// <exception cref="InvalidDataException">The file is no record log, or of another layout version.</exception>
    /// <exception cref="IOException">Another process has it open.</exception>
    public static RecordLog Open(string path)
    {
        path = Path.GetFullPath(path);
        PrivateFile.CreateDirectory(Path.GetDirectoryName(path)!);
        if (!File.Exists(path))
        {
            return Fresh(path, cutBytes: 0);
        }

        var file = RecordLogFile.Open(path);
        try
        {
            var length = file.Length;
            if (!file.CheckHeader(path))
            {
                file.Dispose();
                return Fresh(path, cutBytes: length);
            }

            var (records, end) = (0, (long)RecordLogFile.HeaderBytes);
            while (file.TryRead(end, length) is { } payload)
            {
                end += RecordFrame.HeaderBytes + payload.Length;
                records++;
            }

            if (end < length)
            {
                file.Cut(end);
            }

            // Records that only the page cache held are durable before anyone acts on them.
            file.FlushToDisk();
            return new RecordLog(path, file, new RecordLogRecovery(records, end, length - end));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Writes one record; returns its sequence number, for <see cref="FlushAsync"/>.</summary>
    public long Append(ReadOnlySpan<byte> record)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(record.Length, MaxRecordBytes, nameof(record));
        lock (_append)
        {
            ThrowIfFaulted();

            // After a failed write _end stays, so the next append overwrites the torn frame.
            Volatile.Write(ref _end, _file.Write(_end, record));
            return ++_sequence;
        }
    }

    /// <summary>
    /// Returns when the record of that sequence number, and all before it, are on the disk. Waiting callers share
    /// one flush.
    /// </summary>
    /// <exception cref="IOException">The disk refused. What it still holds is unknown, so the log takes no more records.</exception>
    public async ValueTask FlushAsync(long sequence, CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _durable) >= sequence)
        {
            return;
        }

        await _flush.WaitAsync(cancellationToken);
        try
        {
            if (_durable >= sequence)
            {
                return;
            }

            ThrowIfFaulted();
            long flushed;
            lock (_append)
            {
                ArgumentOutOfRangeException.ThrowIfGreaterThan(sequence, _sequence);
                flushed = _sequence;
            }

            await Task.Run(_file.FlushToDisk, CancellationToken.None);
            Volatile.Write(ref _durable, flushed);
        }
        catch (IOException fault)
        {
            _fault ??= fault;
            throw;
        }
        finally
        {
            _flush.Release();
        }
    }

    /// <summary>The records appended before the call, oldest first. Not to be enumerated across a compaction.</summary>
    /// <exception cref="InvalidDataException">A record was damaged on the disk since the log was opened.</exception>
    public IEnumerable<ReadOnlyMemory<byte>> Read()
    {
        long end;
        RecordLogFile file;
        lock (_append)
        {
            (file, end) = (_file, _end);
        }

        return ReadFrom(file, end);
    }

    /// <summary>
    /// Rewrites the log with the records that <paramref name="keep"/> wants, in order, durably and at once: after a
    /// crash there is the old file or the new one. Appending waits meanwhile. Returns how many were dropped.
    /// </summary>
    public async Task<int> CompactAsync(Func<ReadOnlyMemory<byte>, bool> keep, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(keep);
        await _flush.WaitAsync(cancellationToken);
        try
        {
            lock (_append)
            {
                ThrowIfFaulted();
                return Compact_NeedsLock(keep);
            }
        }
        finally
        {
            _flush.Release();
        }
    }

    public void Dispose()
    {
        _file.Dispose();
        _flush.Dispose();
    }

    private static string UnfinishedPath(string path) => path + ".new";

    private static RecordLog Fresh(string path, long cutBytes)
    {
        var file = RecordLogFile.Create(UnfinishedPath(path));
        try
        {
            Publish(file, path);
        }
        catch
        {
            file.Dispose();
            throw;
        }

        return new RecordLog(path, file, new RecordLogRecovery(0, RecordLogFile.HeaderBytes, cutBytes));
    }

    private static void Publish(RecordLogFile file, string path)
    {
        file.FlushToDisk();
        File.Move(UnfinishedPath(path), path, overwrite: true);
        DurableDirectory.Flush(Path.GetDirectoryName(path)!);
    }

    private int Compact_NeedsLock(Func<ReadOnlyMemory<byte>, bool> keep)
    {
        var rewritten = RecordLogFile.Create(UnfinishedPath(_path));
        var (end, dropped) = ((long)RecordLogFile.HeaderBytes, 0);
        try
        {
            foreach (var record in ReadFrom(_file, _end))
            {
                if (keep(record))
                {
                    end = rewritten.Write(end, record.Span);
                }
                else
                {
                    dropped++;
                }
            }
        }
        catch
        {
            rewritten.Dispose();
            throw;
        }

        try
        {
            Publish(rewritten, _path);
        }
        catch (IOException fault)
        {
            // Either file may bear the name now; writing on to the wrong one would lose records.
            _fault = fault;
            rewritten.Dispose();
            throw;
        }

        _file.Dispose();
        _file = rewritten;
        Volatile.Write(ref _end, end);
        Volatile.Write(ref _durable, _sequence);
        return dropped;
    }

    private IEnumerable<ReadOnlyMemory<byte>> ReadFrom(RecordLogFile file, long end)
    {
        for (long place = RecordLogFile.HeaderBytes; place < end;)
        {
            var payload = file.TryRead(place, end)
                ?? throw new InvalidDataException($"Record log {_path}: the record at byte {place} does not verify any more.");
            place += RecordFrame.HeaderBytes + payload.Length;
            yield return payload;
        }
    }

    private void ThrowIfFaulted()
    {
        if (_fault is { } fault)
        {
            throw new IOException($"Record log {_path} failed to reach the disk earlier; open it again to recover.", fault);
        }
    }
}
