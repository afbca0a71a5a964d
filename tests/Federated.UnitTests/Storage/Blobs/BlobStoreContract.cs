using Federated.Storage.Blobs;

namespace Federated.UnitTests.Storage.Blobs;

/// <summary>What every blob store promises; a store's test class derives and says how to make one.</summary>
public abstract class BlobStoreContract
{
    protected abstract IBlobStore Store { get; }

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(300_000)]
    public async Task Read_AfterPut_GivesTheBytes(int length)
    {
        var content = Content(length);

        var id = await Store.PutAsync(content, Cancel);

        Assert.Equal(BlobId.Of(content), id);
        Assert.Equal(content, await Store.ReadAsync(id, Cancel));
        Assert.True(await Store.ExistsAsync(id, Cancel));
    }

    [Fact]
    public async Task BeginPut_Content_IsNamedAtOnceAndThereWhenDurable()
    {
        var content = Content(300_000);

        var (id, durable) = Store.BeginPut(content, Cancel);
        Assert.Equal(BlobId.Of(content), id);
        await durable;

        Assert.Equal(content, await Store.ReadAsync(id, Cancel));
    }

    [Fact]
    public async Task BeginPut_Cancelled_LeavesNothing()
    {
        var (id, durable) = Store.BeginPut(Content(10), new CancellationToken(canceled: true));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => durable);
        Assert.False(await Store.ExistsAsync(id, Cancel));
    }

    [Fact]
    public async Task Put_InEveryWay_GivesTheSameBlob()
    {
        var content = Content(300_000);
        using var stream = new MemoryStream(content);

        var fromMemory = await Store.PutAsync(content, Cancel);
        var fromStream = await Store.PutAsync(stream, Cancel);
        var fromWriter = await Store.PutAsync(
            async (target, token) =>
            {
                target.WriteByte(content[0]);
                target.Write(content, 1, 99);
                await target.WriteAsync(content.AsMemory(100), token);
            },
            Cancel);

        Assert.Equal((fromMemory, fromMemory), (fromStream, fromWriter));
        Assert.Equal(1, await Count());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(12_345)]
    [InlineData(300_000)]
    public async Task OpenRead_FromAnOffset_GivesTheRest(int offset)
    {
        var content = Content(300_000);
        var id = await Store.PutAsync(content, Cancel);

        await using var stream = await Store.OpenReadAsync(id, offset, Cancel);

        Assert.NotNull(stream);
        Assert.Equal((300_000, offset), (stream.Length, stream.Position));
        using var rest = new MemoryStream();
        await stream.CopyToAsync(rest, Cancel);
        Assert.Equal(content[offset..], rest.ToArray());
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(11)]
    public async Task OpenRead_OffsetOutsideTheBlob_Throws(long offset)
    {
        var id = await Store.PutAsync(Content(10), Cancel);

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Store.OpenReadAsync(id, offset, Cancel));
    }

    [Fact]
    public async Task AbsentBlob_IsNullOrFalse()
    {
        var absent = BlobId.Of([1]);

        Assert.Null(await Store.ReadAsync(absent, Cancel));
        Assert.Null(await Store.OpenReadAsync(absent, 0, Cancel));
        Assert.False(await Store.ExistsAsync(absent, Cancel));
        Assert.False(await Store.DeleteAsync(absent, Cancel));
    }

    [Fact]
    public async Task Put_WriterFails_StoresNothing()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => Store.PutAsync(
            async (target, token) =>
            {
                await target.WriteAsync(Content(1_000), token);
                throw new InvalidOperationException("The source broke off.");
            },
            Cancel));

        Assert.Equal(0, await Count());
    }

    [Fact]
    public async Task Put_SameContentFromManyCallers_IsOneWholeBlob()
    {
        var content = Content(50_000);

        var ids = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => Store.PutAsync(content, Cancel), Cancel)));

        Assert.Single(ids.Distinct());
        Assert.Equal(content, await Store.ReadAsync(ids[0], Cancel));
        Assert.Equal(1, await Count());
    }

    [Fact]
    public async Task Delete_WhileAReaderIsOpen_LetsItReadOn()
    {
        var content = Content(300_000);
        var id = await Store.PutAsync(content, Cancel);
        await using var stream = await Store.OpenReadAsync(id, 0, Cancel);

        Assert.True(await Store.DeleteAsync(id, Cancel));

        Assert.False(await Store.ExistsAsync(id, Cancel));
        using var copy = new MemoryStream();
        await stream!.CopyToAsync(copy, Cancel);
        Assert.Equal(content, copy.ToArray());
    }

    [Fact]
    public async Task Enumerate_ListsEveryBlobWithItsLength()
    {
        var ids = new HashSet<(BlobId, long)>();
        for (var length = 1; length <= 20; length++)
        {
            ids.Add((await Store.PutAsync(Content(length), Cancel), length));
        }

        var found = new HashSet<(BlobId, long)>();
        await foreach (var blob in Store.EnumerateAsync(Cancel))
        {
            found.Add((blob.Id, blob.Length));
        }

        Assert.Equal(ids, found);
    }

    protected static byte[] Content(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)((i * 7) ^ (i >> 8)))];

    protected async Task<int> Count()
    {
        var count = 0;
        await foreach (var _ in Store.EnumerateAsync(Cancel))
        {
            count++;
        }

        return count;
    }
}
