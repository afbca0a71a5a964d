using System.IO.Hashing;
using System.Text;
using Federated.Protocol.Rounds;

namespace Federated.Aggregator.Journal;

/// <summary>
/// Payloads on disk: a folder a round, a file an update. For rounds whose stored updates must outlive the node they are written and
/// flushed before the device is told "stored"; for rounds that retain more updates than the pool has room for they are written, and their slots
/// freed, afterwards. A file counts only when the journal names its update.
/// </summary>
internal sealed class UpdateSpool(string directory)
{
    /// <summary>Writes a payload; when it must outlive a loss of power, returns after it has reached the disk.</summary>
    public async Task WriteAsync(
        RoundKey key, string assignmentId, ReadOnlyMemory<byte> payload, bool isFlushed, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Folder(key));
        await using var file = new FileStream(
            PathOf(key, assignmentId), FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0, FileOptions.Asynchronous);
        await file.WriteAsync(payload, cancellationToken);
        if (isFlushed)
        {
            await Task.Run(() => RandomAccess.FlushToDisk(file.SafeFileHandle), CancellationToken.None);
        }
    }

    /// <summary>Whether the spool has the very bytes of an update.</summary>
    public bool Holds(UpdateCommitted update)
    {
        SpooledPayload? payload = Read(update);
        payload?.Release();
        return payload is not null;
    }

    /// <summary>Whether a file of an update is there; its bytes are not looked at.</summary>
    public bool Has(UpdateCommitted update)
    {
        var file = new FileInfo(PathOf(update.Key, update.AssignmentId));
        return file.Exists && file.Length == update.Length;
    }

    /// <summary>The bytes of an update, which the caller releases, or null when they are missing or damaged.</summary>
    public SpooledPayload? Read(UpdateCommitted update)
    {
        if (!Has(update) || update.Length == 0)
        {
            return null;
        }

        var payload = new SpooledPayload(
            File.OpenHandle(PathOf(update.Key, update.AssignmentId)), checked((int)update.Length));
        if (XxHash3.HashToUInt64(payload.GetSpan()) == update.Checksum)
        {
            return payload;
        }

        payload.Release();
        return null;
    }

    /// <summary>Deletes what the spool holds of a round.</summary>
    public void Drop(RoundKey key)
    {
        if (Directory.Exists(Folder(key)))
        {
            Directory.Delete(Folder(key), recursive: true);
        }
    }

    // Ids come from elsewhere and may not be fit for a file name; their hashes are.
    private string Folder(RoundKey key) => Path.Combine(directory, NameOf(key.ToString()));

    private string PathOf(RoundKey key, string assignmentId) => Path.Combine(Folder(key), NameOf(assignmentId));

    private static string NameOf(string id) => Convert.ToHexStringLower(XxHash128.Hash(Encoding.UTF8.GetBytes(id)));
}
