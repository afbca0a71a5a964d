using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Federated.Storage.Files;

namespace Federated.Storage.Blobs;

/// <summary>
/// Blobs as files: <c>blobs/ab/abcd…</c>, written as <c>partial/…</c>, flushed and renamed; a corrupt one is moved
/// to <c>quarantine/</c>. A whole file is verified before its first byte is served, once per length and
/// modification time, unless this process has written it; <see cref="ReadAsync"/> verifies the very bytes that it returns, each time.
/// </summary>
public sealed class FileBlobStore : IBlobStore, IDisposable
{
    private const int BufferBytes = 128 * 1024;

    private readonly string _blobs;
    private readonly string _partial;
    private readonly string _quarantine;
    private readonly ConcurrentDictionary<BlobId, FileIdentity> _verified = new();

    /// <summary>One whole-file check at a time: a new version's first hundred readers wait for one check.</summary>
    private readonly SemaphoreSlim _verification = new(1);

    /// <summary>Held while a name changes hands, so that a sound blob just put is not quarantined for its predecessor.</summary>
    private readonly Lock _names = new();

    private FileBlobStore(string root)
    {
        _blobs = Path.Combine(root, "blobs");
        _partial = Path.Combine(root, "partial");
        _quarantine = Path.Combine(root, "quarantine");
    }

    /// <summary>Opens or creates the store and removes what interrupted writers left unfinished.</summary>
    public static FileBlobStore Open(string directory)
    {
        var store = new FileBlobStore(Path.GetFullPath(directory));
        PrivateFile.CreateDirectory(store._blobs);
        for (var prefix = 0; prefix < 256; prefix++)
        {
            // Now, so that no blob waits until the name of its folder is durable too.
            PrivateFile.CreateDirectory(Path.Combine(store._blobs, prefix.ToString("x2", CultureInfo.InvariantCulture)));
        }

        PrivateFile.CreateDirectory(store._partial);
        PrivateFile.CreateDirectory(store._quarantine);
        DurableDirectory.Flush(store._blobs);
        DurableDirectory.Flush(Path.GetDirectoryName(store._blobs)!);
        foreach (var leftover in Directory.EnumerateFiles(store._partial))
        {
            DeleteUnlessBeingWritten(leftover);
        }

        return store;
    }

    public async Task<BlobId> PutAsync(Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(write);
        var partial = NewPartial();
        try
        {
            BlobId id;
            FileIdentity identity;
            await using (var file = PrivateFile.Open(partial, FileMode.CreateNew, FileShare.None, buffer: BufferBytes))
            await using (var hashing = new HashingWriteStream(file))
            {
                await write(hashing, cancellationToken);
                id = hashing.GetId();
                file.Flush(flushToDisk: true);
                identity = FileIdentity.Of(file.SafeFileHandle);
            }

            Publish(partial, id, identity);
            return id;
        }
        catch
        {
            File.Delete(partial);
            throw;
        }
    }

    public Task<BlobId> PutAsync(Stream content, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(content);
        return PutAsync((target, token) => content.CopyToAsync(target, BufferBytes, token), cancellationToken);
    }

    public async Task<BlobId> PutAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var (id, durable) = BeginPut(content, cancellationToken);
        await durable;
        return id;
    }

    public (BlobId Id, Task Durable) BeginPut(ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        // The disk and the hash take about as long as each other.
        var partial = NewPartial();
        var written = Task.Run(() => Write(partial, content.Span), cancellationToken);
        var id = BlobId.Of(content.Span);
        return (id, PublishAsync(partial, id, written));
    }

    public async Task<Stream?> OpenReadAsync(BlobId id, long offset, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        if (TryOpen(id) is not { } file)
        {
            return null;
        }

        try
        {
            await VerifyAsync(id, file, cancellationToken);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, file.Length);
            file.Position = offset;
            return file;
        }
        catch
        {
            await file.DisposeAsync();
            throw;
        }
    }

    public async Task<byte[]?> ReadAsync(BlobId id, CancellationToken cancellationToken)
    {
        if (TryOpen(id) is not { } file)
        {
            return null;
        }

        await using (file)
        {
            var identity = FileIdentity.Of(file.SafeFileHandle);
            var content = GC.AllocateUninitializedArray<byte>(checked((int)identity.Length));
            await file.ReadExactlyAsync(content, cancellationToken);
            RequireMatch(id, BlobId.Of(content), identity);
            return content;
        }
    }

    public Task<bool> ExistsAsync(BlobId id, CancellationToken cancellationToken) => Task.FromResult(File.Exists(PathOf(id)));

    public Task<bool> DeleteAsync(BlobId id, CancellationToken cancellationToken)
    {
        lock (_names)
        {
            var exists = File.Exists(PathOf(id));
            if (exists)
            {
                File.Delete(PathOf(id));
            }

            _verified.TryRemove(id, out _);
            return Task.FromResult(exists);
        }
    }

    public async IAsyncEnumerable<BlobInfo> EnumerateAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var path in Directory.EnumerateFiles(_blobs, "*", SearchOption.AllDirectories))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (BlobId.TryParse(Path.GetFileName(path), out var id) && FileIdentity.Of(path) is { } file)
            {
                yield return new BlobInfo(id, file.Length, new DateTimeOffset(file.WrittenAtUtc));
            }
        }

        await Task.CompletedTask;
    }

    public void Dispose() => _verification.Dispose();

    private static void DeleteUnlessBeingWritten(string path)
    {
        try
        {
            PrivateFile.Open(path, FileMode.Open, FileShare.None).Dispose();
            File.Delete(path);
        }
        catch (IOException)
        {
            // Another process that shares the store is writing it now.
        }
    }

    private static FileIdentity Write(string partial, ReadOnlySpan<byte> content)
    {
        using var file = PrivateFile.Open(partial, FileMode.CreateNew, FileShare.None);
        RandomAccess.Write(file.SafeFileHandle, content, fileOffset: 0);
        RandomAccess.FlushToDisk(file.SafeFileHandle);
        return FileIdentity.Of(file.SafeFileHandle);
    }

    private async Task PublishAsync(string partial, BlobId id, Task<FileIdentity> written)
    {
        try
        {
            Publish(partial, id, await written);
        }
        catch
        {
            File.Delete(partial);
            throw;
        }
    }

    private string NewPartial() => Path.Combine(_partial, Guid.NewGuid().ToString("n"));

    private string PathOf(BlobId id)
    {
        var name = id.ToString();
        return Path.Combine(_blobs, name[..2], name);
    }

    private FileStream? TryOpen(BlobId id)
    {
        try
        {
            return new FileStream(
                PathOf(id), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0, FileOptions.SequentialScan);
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>It replaces a blob of the same name even so: content that was damaged on disk is whole again.</summary>
    private void Publish(string partial, BlobId id, FileIdentity identity)
    {
        var path = PathOf(id);
        lock (_names)
        {
            File.Move(partial, path, overwrite: true);
            _verified[id] = identity;
        }

        DurableDirectory.Flush(Path.GetDirectoryName(path)!);
    }

    private async Task VerifyAsync(BlobId id, FileStream file, CancellationToken cancellationToken)
    {
        var identity = FileIdentity.Of(file.SafeFileHandle);
        if (IsVerified(id, identity))
        {
            return;
        }

        await _verification.WaitAsync(cancellationToken);
        try
        {
            if (IsVerified(id, identity))
            {
                return;
            }

            RequireMatch(id, new BlobId(await SHA256.HashDataAsync(file, cancellationToken)), identity);
            _verified[id] = identity;
        }
        finally
        {
            _verification.Release();
        }
    }

    private bool IsVerified(BlobId id, FileIdentity identity) =>
        _verified.TryGetValue(id, out var known) && known == identity;

    private void RequireMatch(BlobId id, BlobId actual, FileIdentity identity)
    {
        if (actual == id)
        {
            return;
        }

        var path = PathOf(id);
        string? quarantined = null;
        lock (_names)
        {
            if (FileIdentity.Of(path) == identity)
            {
                quarantined = Path.Combine(_quarantine, $"{id}.{Guid.NewGuid():n}");
                File.Move(path, quarantined);
            }

            _verified.TryRemove(id, out _);
        }

        throw new CorruptBlobException(path, id, actual, quarantined);
    }
}
