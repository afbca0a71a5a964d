using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Dapr;
using Dapr.Client;

namespace Federated.FunctionalTests.Dapr;

/// <summary>The scenarios of Dapr's own state conformance suite (components-contrib, tests/conformance/state).</summary>
public abstract class StateConformance : IAsyncDisposable
{
    private SidecarUnderTest? _sidecar;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        if (_sidecar is not null)
        {
            await _sidecar.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Save_ValuesOfEveryKind_ComeBack()
    {
        DaprClient client = await ConnectAsync();

        await client.SaveStateAsync(SidecarUnderTest.Store, "int", 42, cancellationToken: Cancellation);
        await client.SaveStateAsync(SidecarUnderTest.Store, "bool", true, cancellationToken: Cancellation);
        await client.SaveStateAsync(SidecarUnderTest.Store, "text", "grüß", cancellationToken: Cancellation);
        await client.SaveStateAsync(SidecarUnderTest.Store, "object", new Pair("a", 1), cancellationToken: Cancellation);
        await client.SaveByteStateAsync(SidecarUnderTest.Store, "bytes", new byte[] { 0, 255, 7 }, cancellationToken: Cancellation);

        Assert.Equal(42, await client.GetStateAsync<int>(SidecarUnderTest.Store, "int", cancellationToken: Cancellation));
        Assert.True(await client.GetStateAsync<bool>(SidecarUnderTest.Store, "bool", cancellationToken: Cancellation));
        Assert.Equal("grüß", await client.GetStateAsync<string>(SidecarUnderTest.Store, "text", cancellationToken: Cancellation));
        Assert.Equal(new Pair("a", 1), await client.GetStateAsync<Pair>(SidecarUnderTest.Store, "object", cancellationToken: Cancellation));
        Assert.Equal([0, 255, 7], (await client.GetByteStateAsync(SidecarUnderTest.Store, "bytes", cancellationToken: Cancellation)).ToArray());
        Assert.Null(await client.GetStateAsync<Pair?>(SidecarUnderTest.Store, "nothing", cancellationToken: Cancellation));
    }

    [Fact]
    public async Task Delete_RemovesTheKey_AndMayBeRepeated()
    {
        DaprClient client = await ConnectAsync();
        await client.SaveStateAsync(SidecarUnderTest.Store, "key", 1, cancellationToken: Cancellation);

        await client.DeleteStateAsync(SidecarUnderTest.Store, "key", cancellationToken: Cancellation);
        await client.DeleteStateAsync(SidecarUnderTest.Store, "key", cancellationToken: Cancellation);

        Assert.Null(await client.GetStateAsync<int?>(SidecarUnderTest.Store, "key", cancellationToken: Cancellation));
    }

    [Fact]
    public async Task Bulk_SaveReadAndDelete_SeeAllKeys()
    {
        DaprClient client = await ConnectAsync();

        await client.SaveBulkStateAsync(
            SidecarUnderTest.Store,
            [new SaveStateItem<int>("a", 1, ""), new SaveStateItem<int>("b", 2, "")],
            Cancellation);
        IReadOnlyList<BulkStateItem<int?>> saved = await client.GetBulkStateAsync<int?>(SidecarUnderTest.Store, ["a", "b", "c"], null, cancellationToken: Cancellation);
        await client.DeleteBulkStateAsync(
            SidecarUnderTest.Store, [new BulkDeleteStateItem("a", ""), new BulkDeleteStateItem("b", "")], Cancellation);

        Assert.Equal(
            [("a", 1), ("b", 2), ("c", null)],
            saved.OrderBy(item => item.Key, StringComparer.Ordinal).Select(item => (item.Key, item.Value)));
        Assert.Null(await client.GetStateAsync<int?>(SidecarUnderTest.Store, "a", cancellationToken: Cancellation));
    }

    [Fact]
    public async Task ETag_OnlyThePresentOne_ChangesAndDeletes()
    {
        DaprClient client = await ConnectAsync();
        await client.SaveStateAsync(SidecarUnderTest.Store, "key", 1, cancellationToken: Cancellation);
        (int first, string etag) = await client.GetStateAndETagAsync<int>(SidecarUnderTest.Store, "key", cancellationToken: Cancellation);

        Assert.Equal(1, first);
        Assert.True(await client.TrySaveStateAsync(SidecarUnderTest.Store, "key", 2, etag, cancellationToken: Cancellation));
        Assert.False(await client.TrySaveStateAsync(SidecarUnderTest.Store, "key", 3, etag, cancellationToken: Cancellation));
        Assert.False(await client.TryDeleteStateAsync(SidecarUnderTest.Store, "key", etag, cancellationToken: Cancellation));

        (int second, string present) = await client.GetStateAndETagAsync<int>(SidecarUnderTest.Store, "key", cancellationToken: Cancellation);
        Assert.Equal(2, second);
        Assert.NotEqual(etag, present);
        Assert.True(await client.TryDeleteStateAsync(SidecarUnderTest.Store, "key", present, cancellationToken: Cancellation));
        Assert.Null(await client.GetStateAsync<int?>(SidecarUnderTest.Store, "key", cancellationToken: Cancellation));
    }

    [Fact]
    public async Task FirstWrite_WithoutAnETag_OnlyTheFirstWins()
    {
        DaprClient client = await ConnectAsync();
        var firstWrite = new StateOptions { Concurrency = ConcurrencyMode.FirstWrite };

        await client.SaveStateAsync(SidecarUnderTest.Store, "key", 1, firstWrite, cancellationToken: Cancellation);
        await Assert.ThrowsAsync<DaprException>(() => client.SaveStateAsync(SidecarUnderTest.Store, "key", 2, firstWrite, cancellationToken: Cancellation));

        Assert.Equal(1, await client.GetStateAsync<int>(SidecarUnderTest.Store, "key", cancellationToken: Cancellation));
    }

    [Fact]
    public async Task Transaction_OfWritesAndDeletions_IsCarriedOutWhole()
    {
        DaprClient client = await ConnectAsync();
        await client.SaveStateAsync(SidecarUnderTest.Store, "old", 1, cancellationToken: Cancellation);

        await client.ExecuteStateTransactionAsync(
            SidecarUnderTest.Store,
            [
                new StateTransactionRequest("a", Encoding.UTF8.GetBytes("1"), StateOperationType.Upsert),
                new StateTransactionRequest("b", Encoding.UTF8.GetBytes("2"), StateOperationType.Upsert),
                new StateTransactionRequest("old", null, StateOperationType.Delete),
            ],
            cancellationToken: Cancellation);

        Assert.Equal(1, await client.GetStateAsync<int>(SidecarUnderTest.Store, "a", cancellationToken: Cancellation));
        Assert.Equal(2, await client.GetStateAsync<int>(SidecarUnderTest.Store, "b", cancellationToken: Cancellation));
        Assert.Null(await client.GetStateAsync<int?>(SidecarUnderTest.Store, "old", cancellationToken: Cancellation));
    }

    [Fact]
    public async Task Transaction_WithAConflict_ChangesNothing()
    {
        DaprClient client = await ConnectAsync();
        await client.SaveStateAsync(SidecarUnderTest.Store, "guarded", 1, cancellationToken: Cancellation);

        await Assert.ThrowsAsync<DaprException>(() => client.ExecuteStateTransactionAsync(
            SidecarUnderTest.Store,
            [
                new StateTransactionRequest("other", Encoding.UTF8.GetBytes("1"), StateOperationType.Upsert),
                new StateTransactionRequest("guarded", Encoding.UTF8.GetBytes("2"), StateOperationType.Upsert, etag: "4711"),
            ],
            cancellationToken: Cancellation));

        Assert.Null(await client.GetStateAsync<int?>(SidecarUnderTest.Store, "other", cancellationToken: Cancellation));
        Assert.Equal(1, await client.GetStateAsync<int>(SidecarUnderTest.Store, "guarded", cancellationToken: Cancellation));
    }

    [Fact]
    public async Task Http_StateWithETags_AnswersAsDocumented()
    {
        await ConnectAsync();
        using var http = new HttpClient { BaseAddress = new Uri(_sidecar!.Http) };
        string path = $"/v1.0/state/{SidecarUnderTest.Store}";

        using HttpResponseMessage saved = await http.PostAsJsonAsync(path, new[] { new { key = "key", value = new { x = 1 } } }, Cancellation);
        using HttpResponseMessage read = await http.GetAsync($"{path}/key", Cancellation);
        using HttpResponseMessage conflict = await http.PostAsJsonAsync(path, new[] { new { key = "key", value = 2, etag = "4711" } }, Cancellation);
        using HttpResponseMessage missing = await http.GetAsync($"{path}/nothing", Cancellation);
        using HttpResponseMessage unknown = await http.GetAsync("/v1.0/state/other/key", Cancellation);

        Assert.Equal(HttpStatusCode.NoContent, saved.StatusCode);
        Assert.Equal(1, (await read.Content.ReadFromJsonAsync<JsonElement>(Cancellation)).GetProperty("x").GetInt32());
        Assert.NotNull(read.Headers.ETag);
        Assert.Equal(HttpStatusCode.Conflict, conflict.StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, missing.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, unknown.StatusCode);
    }

    private protected abstract Task<SidecarUnderTest> StartAsync();

    private async Task<DaprClient> ConnectAsync()
    {
        _sidecar = await StartAsync();
        return _sidecar.Client;
    }

    private sealed record Pair(string Name, int Value);
}
