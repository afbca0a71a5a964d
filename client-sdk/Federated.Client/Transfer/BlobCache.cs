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

    /// <summary>Bytes of a whole blob that is here; null when it is not.</summary>
    public int? LengthOf(string blobId) =>
        new FileInfo(PathOf(blobId)) is { Exists: true, Length: > 0 and <= int.MaxValue } file ? (int)file.Length : null;

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

    /// <summary>Writes the bytes of a begun blob from an offset on, up to which they are in the file.</summary>
    public void Append(string blobId, int offset, ReadOnlySpan<byte> bytes)
    {
        PrivateFile.CreateFolder(folder);
        using FileStream part = offset > 0
            ? new(PartOf(blobId), FileMode.Open, FileAccess.Write, FileShare.Read, bufferSize: 0)
            : PrivateFile.Create(PartOf(blobId));
        part.SetLength(offset);
        part.Seek(offset, SeekOrigin.Begin);
        part.Write(bytes);
    }

    /// <summary>Keeps a verified blob.</summary>
    public void Write(string blobId, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length <= maxBytes && !File.Exists(PathOf(blobId)))
        {
            Append(blobId, 0, bytes);
            File.Move(PartOf(blobId), PathOf(blobId), overwrite: true);
            Evict(PathOf(blobId));
        }
    }

    public void DropPart(string blobId) => Delete(PartOf(blobId));

    public void Drop(string blobId) => Delete(PathOf(blobId));

    /// <summary>A folder that was never made holds no files, but <see cref="File.Delete"/> minds.</summary>
    private static void Delete(string path)
    {
        if (File.Exists(path))
        {
            File.Delete(path);
        }
    }

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
