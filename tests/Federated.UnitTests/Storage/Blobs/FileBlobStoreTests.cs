using Federated.Storage.Blobs;

namespace Federated.UnitTests.Storage.Blobs;

public sealed class FileBlobStoreTests : BlobStoreContract, IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FileBlobStore _store;

    public FileBlobStoreTests() => _store = FileBlobStore.Open(_folder.Path);

    protected override IBlobStore Store => _store;

    public void Dispose()
    {
        _store.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Read_CorruptBlob_QuarantinesAndReportsIt(bool whole)
    {
        var content = Content(5_000);
        var id = await Store.PutAsync(content, Cancel);
        content[4_321] ^= 1;
        await DamageAsync(id, content);

        var error = await Assert.ThrowsAsync<CorruptBlobException>(
            () => whole ? Store.ReadAsync(id, Cancel) : Store.OpenReadAsync(id, 4_000, Cancel));

        Assert.Equal((id, BlobId.Of(content), PathOf(id)), (error.Expected, error.Actual, error.Path));
        Assert.Contains(PathOf(id), error.Message, StringComparison.Ordinal);
        Assert.Contains(id.ToString(), error.Message, StringComparison.Ordinal);
        Assert.Contains(BlobId.Of(content).ToString(), error.Message, StringComparison.Ordinal);
        Assert.False(await Store.ExistsAsync(id, Cancel));
        Assert.Null(await Store.OpenReadAsync(id, 0, Cancel));
        Assert.Equal(content, await File.ReadAllBytesAsync(error.QuarantinePath!, Cancel));
    }

    [Fact]
    public async Task OpenRead_CorruptedAfterItWasVerified_IsVerifiedAgain()
    {
        var content = Content(5_000);
        var id = await Store.PutAsync(content, Cancel);
        (await Store.OpenReadAsync(id, 0, Cancel))!.Dispose();
        content[0] ^= 1;
        await DamageAsync(id, content);

        await Assert.ThrowsAsync<CorruptBlobException>(() => Store.OpenReadAsync(id, 0, Cancel));
    }

    [Fact]
    public async Task OpenRead_BlobOfAnEarlierProcess_IsVerified()
    {
        var content = Content(5_000);
        var id = await Store.PutAsync(content, Cancel);
        var written = File.GetLastWriteTimeUtc(PathOf(id));
        content[0] ^= 1;
        await File.WriteAllBytesAsync(PathOf(id), content, Cancel);
        File.SetLastWriteTimeUtc(PathOf(id), written);
        using var again = FileBlobStore.Open(_folder.Path);

        await Assert.ThrowsAsync<CorruptBlobException>(() => again.OpenReadAsync(id, 0, Cancel));
    }

    [Fact]
    public async Task OpenRead_TruncatedBlob_IsCorrupt()
    {
        var id = await Store.PutAsync(Content(5_000), Cancel);
        await File.WriteAllBytesAsync(PathOf(id), Content(4_999), Cancel);

        await Assert.ThrowsAsync<CorruptBlobException>(() => Store.OpenReadAsync(id, 0, Cancel));
    }

    [Fact]
    public async Task Put_OverACorruptBlob_MakesItWhole()
    {
        var content = Content(5_000);
        var id = await Store.PutAsync(content, Cancel);
        await File.WriteAllBytesAsync(PathOf(id), new byte[5_000], Cancel);

        await Store.PutAsync(content, Cancel);

        Assert.Equal(content, await Store.ReadAsync(id, Cancel));
    }

    [Fact]
    public async Task Open_Leftovers_AreRemovedAndBlobsStay()
    {
        var id = await Store.PutAsync(Content(100), Cancel);
        var leftover = _folder.At("partial", "interrupted");
        await File.WriteAllTextAsync(leftover, "half a mod", Cancel);
        await File.WriteAllTextAsync(_folder.At("blobs", "README"), "not a blob", Cancel);

        for (var times = 0; times < 2; times++)
        {
            using var again = FileBlobStore.Open(_folder.Path);
            Assert.False(File.Exists(leftover));
            Assert.Equal(Content(100), await again.ReadAsync(id, Cancel));
            Assert.Equal(1, await Count());
        }
    }

    [Fact]
    public async Task Open_WhileAnotherWriterIsAtWork_LeavesItsFile()
    {
        var content = Content(10_000);

        var id = await Store.PutAsync(
            async (target, token) =>
            {
                await target.WriteAsync(content.AsMemory(0, 5_000), token);
                FileBlobStore.Open(_folder.Path).Dispose();
                await target.WriteAsync(content.AsMemory(5_000), token);
            },
            Cancel);

        Assert.Equal(content, await Store.ReadAsync(id, Cancel));
    }

    [Fact]
    public async Task Put_WriterFails_LeavesNoFile()
    {
        await Assert.ThrowsAsync<IOException>(() => Store.PutAsync((_, _) => throw new IOException("broken"), Cancel));

        Assert.Empty(Directory.GetFiles(_folder.Path, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task OpenRead_ManyReadersOfOneBlob_AllReadIt()
    {
        var content = Content(300_000);
        var id = await Store.PutAsync(content, Cancel);

        var lengths = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Task.Run(
            async () =>
            {
                await using var stream = await Store.OpenReadAsync(id, 0, Cancel);
                return stream!.Length;
            },
            Cancel)));

        Assert.All(lengths, length => Assert.Equal(300_000, length));
    }

    /// <summary>Replaces the bytes of a blob, and makes sure that its time tells.</summary>
    private async Task DamageAsync(BlobId id, byte[] content)
    {
        await File.WriteAllBytesAsync(PathOf(id), content, Cancel);
        File.SetLastWriteTimeUtc(PathOf(id), DateTime.UnixEpoch);
    }

    private string PathOf(BlobId id) => _folder.At("blobs", id.ToString()[..2], id.ToString());
}
