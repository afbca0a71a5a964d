using System.Collections.Concurrent;
using Federated.Storage.Blobs;

namespace Federated.UnitTests.Coordination.Jobs;

/// <summary>Blobs in memory.</summary>
internal sealed class InMemoryBlobStore(FaultInjector faults) : IBlobStore
{
    private readonly ConcurrentDictionary<BlobId, byte[]> _blobs = new();

    public BlobId Put(byte[] content)
    {
        BlobId id = BlobId.Of(content);
        _blobs[id] = content;
        return id;
    }

    public bool Has(string id) => _blobs.ContainsKey(BlobId.Parse(id));

    public byte[] Read(string id) => _blobs[BlobId.Parse(id)];

    public Task<BlobId> PutAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        faults.AroundAsync("blobs.Put", () => Put(content.ToArray()));

    public (BlobId Id, Task Durable) BeginPut(ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        (BlobId.Of(content.Span), PutAsync(content, cancellationToken));

    public Task<byte[]?> ReadAsync(BlobId id, CancellationToken cancellationToken) =>
        faults.AroundAsync("blobs.Read", () => _blobs.GetValueOrDefault(id));

    public Task<BlobId> PutAsync(Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<BlobId> PutAsync(Stream content, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<Stream?> OpenReadAsync(BlobId id, long offset, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<bool> ExistsAsync(BlobId id, CancellationToken cancellationToken) => Task.FromResult(_blobs.ContainsKey(id));

    public Task<bool> DeleteAsync(BlobId id, CancellationToken cancellationToken) =>
        faults.AroundAsync("blobs.Delete", () => _blobs.TryRemove(id, out _));

    public IAsyncEnumerable<BlobInfo> EnumerateAsync(CancellationToken cancellationToken) => throw new NotSupportedException();
}
