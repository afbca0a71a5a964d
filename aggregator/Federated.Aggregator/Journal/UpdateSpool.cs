using System.IO.Hashing;
using System.Text;
using Federated.Protocol.Rounds;

namespace Federated.Aggregator.Journal;

/// <summary>
/// Payloads on disk, for rounds whose stored updates must outlive the node: a folder a round, a file an update, written and
/// flushed before the device is told "stored". A file counts only when the journal names its update.
/// </summary>
internal sealed class UpdateSpool(string directory)
{
    public async Task WriteAsync(RoundKey key, string assignmentId, ReadOnlyMemory<byte> payload, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Folder(key));
        await using var file = new FileStream(
            PathOf(key, assignmentId), FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0, FileOptions.Asynchronous);
        await file.WriteAsync(payload, cancellationToken);
        await Task.Run(() => RandomAccess.FlushToDisk(file.SafeFileHandle), CancellationToken.None);
    }

    /// <summary>Whether the spool has the very bytes of an update.</summary>
    public bool Holds(UpdateCommitted update) => Read(update) is not null;

    /// <summary>The bytes of an update, or null when they are missing or damaged.</summary>
    public byte[]? Read(UpdateCommitted update)
    {
        var file = new FileInfo(PathOf(update.Key, update.AssignmentId));
        if (!file.Exists || file.Length != update.Length)
        {
            return null;
        }

        byte[] payload = File.ReadAllBytes(file.FullName);
        return XxHash3.HashToUInt64(payload) == update.Checksum ? payload : null;
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
