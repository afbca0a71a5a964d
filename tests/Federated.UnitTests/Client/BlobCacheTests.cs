using Federated.Client.Transfer;
using Microsoft.Extensions.Time.Testing;

namespace Federated.UnitTests.Client;

public sealed class BlobCacheTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Write_PastTheBound_DropsTheLeastRecentlyUsed()
    {
        var cache = new BlobCache(_folder.Path, maxBytes: 25, _time);
        await StoreAsync(cache, 'a');
        await StoreAsync(cache, 'b');
        Assert.True(await cache.TryReadAsync(Id('a'), new byte[10], Token));
        _time.Advance(TimeSpan.FromHours(1));

        await StoreAsync(cache, 'c');

        Assert.True(File.Exists(cache.PathOf(Id('a'))));
        Assert.False(File.Exists(cache.PathOf(Id('b'))));
        Assert.True(File.Exists(cache.PathOf(Id('c'))));
    }

    [Fact]
    public async Task TryReadAsync_OtherLength_IsAMiss()
    {
        var cache = new BlobCache(_folder.Path, maxBytes: 25, _time);
        await StoreAsync(cache, 'a');

        Assert.False(await cache.TryReadAsync(Id('a'), new byte[9], Token));
    }

    [Fact]
    public async Task ReadPartAsync_BegunBlob_GivesItsBytes()
    {
        var cache = new BlobCache(_folder.Path, maxBytes: 25, _time);
        cache.Append(Id('a'), 0, [1, 9]);
        cache.Append(Id('a'), 1, [2, 3]);
        byte[] buffer = new byte[10];

        Assert.Equal(3, await cache.ReadPartAsync(Id('a'), buffer, Token));
        Assert.Equal([1, 2, 3], buffer[..3]);
    }

    [Theory]
    [InlineData("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", true)]
    [InlineData("0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef", false)]
    [InlineData("../../../../etc/passwd", false)]
    [InlineData("", false)]
    public void IsValid_BlobIds_AreLowerCaseHexadecimal(string text, bool valid)
    {
        Assert.Equal(valid, BlobId.IsValid(text));
    }

    private static string Id(char letter) => new(letter, 64);

    private async Task StoreAsync(BlobCache cache, char letter)
    {
        cache.Write(Id(letter), new byte[10]);
        await cache.TryReadAsync(Id(letter), new byte[10], Token);
        _time.Advance(TimeSpan.FromHours(1));
    }
}
