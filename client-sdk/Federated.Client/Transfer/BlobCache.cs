using Federated.Client.Storage;

namespace Federated.Client.Transfer;

/// <summary>
/// Blobs on disk: whole ones as <c>&lt;id&gt;.blob</c>, begun ones as <c>&lt;id&gt;.part</c>. The least recently used go when the
/// bound is passed. What is read is verified by the caller.
/// </summary>
internal sealed class BlobCache(string folder, long maxBytes, TimeProvider timeProvider)
{
    public string PathOf(string blobId) => Path.Combine(folder, blobId + ".blob");

    public string PartOf(string blobId) => Path.Combine(folder, blobId + ".part");

    /// <summary>Whether a blob of this length may stay on disk.</summary>
    public bool Takes(long byteLength) => byteLength <= maxBytes;

    /// <summary>Fills the buffer with the blob; false when it is not there with exactly this length.</summary>
    public async Task<bool> TryReadAsync(string blobId, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        string path = PathOf(blobId);
        var file = new FileInfo(path);
        if (!file.Exists || file.Length != buffer.Length)
        {
            return false;
        }

        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, useAsync: false);
        await stream.ReadExactlyAsync(buffer, cancellationToken).ConfigureAwait(false);
        file.LastWriteTimeUtc = timeProvider.GetUtcNow().UtcDateTime;
        return true;
    }

    /// <summary>Reads what an earlier, broken download left; gives the number of bytes.</summary>
    public async Task<int> ReadPartAsync(string blobId, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        string path = PartOf(blobId);
        if (!File.Exists(path))
        {
            return 0;
        }

        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, useAsync: false);
        if (stream.Length > buffer.Length)
        {
            return 0;
        }

        return await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Opens the begun blob for writing, cut to the bytes that are known to be in it.</summary>
    public FileStream OpenPart(string blobId, int length)
    {
        PrivateFile.CreateFolder(folder);
        string path = PartOf(blobId);
        FileStream part = length > 0 ? new(path, FileMode.Open, FileAccess.Write, FileShare.Read, bufferSize: 0) : PrivateFile.Create(path);
        part.SetLength(length);
        part.Seek(length, SeekOrigin.Begin);
        return part;
    }

    /// <summary>The begun blob is whole and verified.</summary>
    public void Promote(string blobId)
    {
        File.Move(PartOf(blobId), PathOf(blobId), overwrite: true);
        Evict(PathOf(blobId));
    }

    public void DropPart(string blobId) => File.Delete(PartOf(blobId));

    public void Drop(string blobId) => File.Delete(PathOf(blobId));

    private void Evict(string keep)
    {
        long total = 0;
        foreach (FileInfo file in new DirectoryInfo(folder).EnumerateFiles().OrderByDescending(file => file.LastWriteTimeUtc))
        {
            total += file.Length;
            if (total > maxBytes && file.FullName != Path.GetFullPath(keep))
            {
                file.Delete();
            }
        }
    }
}
