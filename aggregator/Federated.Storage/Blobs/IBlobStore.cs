namespace Federated.Storage.Blobs;

/// <summary>
/// Content-addressed, immutable blobs: model versions, algorithm state, ledgers. The local files of
/// <see cref="FileBlobStore"/> and an object storage hide behind it. A blob that was put is durable and whole, or
/// absent; what is read has been verified. Safe for many callers at once.
/// </summary>
public interface IBlobStore
{
    /// <summary>Stores what <paramref name="write"/> writes to its stream. Equal content gives the same blob.</summary>
    Task<BlobId> PutAsync(Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken);

    /// <summary>Stores the rest of <paramref name="content"/>, which the caller disposes.</summary>
    Task<BlobId> PutAsync(Stream content, CancellationToken cancellationToken);

    Task<BlobId> PutAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>
    /// Begins to store content and gives its id at once, so that what refers to it can be prepared while it is on its way. The content stays the
    /// caller's, and unchanged until the task ends; then the blob is durable.
    /// </summary>
    (BlobId Id, Task Durable) BeginPut(ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>
    /// A stream that starts at <paramref name="offset"/> and knows its length and position; the whole blob has been
    /// verified before it is returned. Null when there is no such blob. The caller disposes it.
    /// </summary>
    /// <exception cref="CorruptBlobException">The stored bytes do not have this id.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The offset is negative or behind the end.</exception>
    Task<Stream?> OpenReadAsync(BlobId id, long offset, CancellationToken cancellationToken);

    /// <summary>The whole blob, every byte of it verified; null when there is none.</summary>
    /// <exception cref="CorruptBlobException">The stored bytes do not have this id.</exception>
    Task<byte[]?> ReadAsync(BlobId id, CancellationToken cancellationToken);

    Task<bool> ExistsAsync(BlobId id, CancellationToken cancellationToken);

    /// <summary>False when there was none. A stream that is open already reads on to its end.</summary>
    Task<bool> DeleteAsync(BlobId id, CancellationToken cancellationToken);

    /// <summary>Every stored blob, in no order.</summary>
    IAsyncEnumerable<BlobInfo> EnumerateAsync(CancellationToken cancellationToken);
}
