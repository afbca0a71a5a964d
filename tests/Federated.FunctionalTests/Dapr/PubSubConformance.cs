using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Dapr.Client;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Federated.FunctionalTests.Dapr;

/// <summary>
/// The scenarios of Dapr's own pub/sub conformance suite (components-contrib, tests/conformance/pubsub), and what its
/// documentation promises about envelopes, statuses and dead letters.
/// </summary>
public abstract class PubSubConformance
{
    private const string Topic = "numbers";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Publish_HandlerFailsNowAndThen_EveryMessageArrives()
    {
        const int Messages = 10;
        var arrived = new ConcurrentDictionary<int, bool>();
        var complete = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        int calls = 0;
        await using TestApp app = await TestApp.StartAsync(app => app.MapPost("/numbers", (Number number) =>
        {
            // The first two deliveries fail, and each fifth one.
            int call = Interlocked.Increment(ref calls);
            if (call <= 2 || call % 5 == 0)
            {
                return Results.StatusCode(500);
            }

            arrived.TryAdd(number.Value, true);
            if (arrived.Count == Messages)
            {
                complete.TrySetResult();
            }

            return Results.Ok();
        }).WithTopic(SidecarUnderTest.PubSub, Topic));
        await using SidecarUnderTest sidecar = await StartAsync(app.Address);

        for (int i = 0; i < Messages; i++)
        {
            await sidecar.Client.PublishEventAsync(SidecarUnderTest.PubSub, Topic, new Number(i), Cancellation);
        }

        await complete.Task.WaitAsync(Patience, Cancellation);
        Assert.Equal(Enumerable.Range(0, Messages), arrived.Keys.Order());
    }

    [Fact]
    public async Task BulkPublish_OfNumbersAndBytes_ArrivesOneByOne()
    {
        var numbers = Channel.CreateUnbounded<int>();
        var bytes = Channel.CreateUnbounded<byte[]>();
        await using TestApp app = await TestApp.StartAsync(app =>
        {
            app.MapPost("/numbers", (Number number) => numbers.Writer.TryWrite(number.Value)).WithTopic(SidecarUnderTest.PubSub, Topic);
            app.MapPost("/bytes", async (HttpRequest request) => bytes.Writer.TryWrite(await ReadAsync(request))).WithTopic(SidecarUnderTest.PubSub, "bytes");
        });
        await using SidecarUnderTest sidecar = await StartAsync(app.Address);

        BulkPublishResponse<Number> response = await sidecar.Client.BulkPublishEventAsync(
            SidecarUnderTest.PubSub, Topic, new Number[] { new(1), new(2), new(3) }, cancellationToken: Cancellation);
        await sidecar.Client.BulkPublishEventAsync(SidecarUnderTest.PubSub, "bytes", new byte[][] { [0, 1, 255] }, cancellationToken: Cancellation);

        Assert.Empty(response.FailedEntries);
        Assert.Equal([1, 2, 3], (await TakeAsync(numbers, 3)).Order());
        Assert.Equal([0, 1, 255], (await TakeAsync(bytes, 1))[0]);
    }

    [Fact]
    public async Task Publish_Bytes_ComeBackAsBytes()
    {
        var bytes = Channel.CreateUnbounded<byte[]>();
        await using TestApp app = await TestApp.StartAsync(app =>
            app.MapPost("/bytes", async (HttpRequest request) => bytes.Writer.TryWrite(await ReadAsync(request))).WithTopic(SidecarUnderTest.PubSub, "bytes"));
        await using SidecarUnderTest sidecar = await StartAsync(app.Address);
        byte[] payload = [.. Enumerable.Range(0, 1000).Select(i => (byte)i)];

        await sidecar.Client.PublishByteEventAsync(SidecarUnderTest.PubSub, "bytes", payload, "application/octet-stream", cancellationToken: Cancellation);

        Assert.Equal(payload, (await TakeAsync(bytes, 1))[0]);
    }

    [Fact]
    public async Task Publish_Envelope_HasDaprsFields_AndThePublishersOverrides()
    {
        (TestApp app, Channel<JsonObject> envelopes) = await StartEnvelopeAppAsync();
        await using TestApp _ = app;
        await using SidecarUnderTest sidecar = await StartAsync(app.Address);

        await sidecar.Client.PublishEventAsync(
            SidecarUnderTest.PubSub, Topic, new Number(7), new Dictionary<string, string> { ["cloudevent.id"] = "mine", ["cloudevent.source"] = "me" }, Cancellation);

        JsonObject envelope = (await TakeAsync(envelopes, 1))[0];
        Assert.Equal("mine", (string?)envelope["id"]);
        Assert.Equal("me", (string?)envelope["source"]);
        Assert.Equal("1.0", (string?)envelope["specversion"]);
        Assert.Equal("com.dapr.event.sent", (string?)envelope["type"]);
        Assert.Equal(Topic, (string?)envelope["topic"]);
        Assert.Equal(SidecarUnderTest.PubSub, (string?)envelope["pubsubname"]);
        Assert.StartsWith("application/json", (string?)envelope["datacontenttype"], StringComparison.Ordinal);
        Assert.Equal(7, (int?)envelope["data"]!["value"]);
    }

    [Fact]
    public async Task Redelivery_KeepsTheIdOfTheEvent()
    {
        (TestApp app, Channel<JsonObject> envelopes) = await StartEnvelopeAppAsync(failures: 1);
        await using TestApp _ = app;
        await using SidecarUnderTest sidecar = await StartAsync(app.Address);

        await sidecar.Client.PublishEventAsync(SidecarUnderTest.PubSub, Topic, new Number(7), Cancellation);

        List<JsonObject> both = await TakeAsync(envelopes, 2);
        Assert.Equal((string?)both[0]["id"], (string?)both[1]["id"]);
        Assert.False(string.IsNullOrEmpty((string?)both[0]["id"]));
    }

    [Fact]
    public async Task Retry_ThatNeverHelps_EndsInTheDeadLetterTopic()
    {
        int deliveries = await DeadLetterAsync(Results.StatusCode(500));

        Assert.Equal(1 + SidecarUnderTest.MaxRetries, deliveries);
    }

    [Fact]
    public async Task Drop_GoesToTheDeadLetterTopicAtOnce()
    {
        int deliveries = await DeadLetterAsync(Results.Json(new { status = "DROP" }));

        Assert.Equal(1, deliveries);
    }

    [Fact]
    public async Task Retry_AskedForByStatus_IsDeliveredAgain()
    {
        var values = Channel.CreateUnbounded<int>();
        int calls = 0;
        await using TestApp app = await TestApp.StartAsync(app => app.MapPost("/numbers", (Number number) =>
        {
            values.Writer.TryWrite(number.Value);
            return Results.Json(new { status = Interlocked.Increment(ref calls) == 1 ? "RETRY" : "SUCCESS" });
        }).WithTopic(SidecarUnderTest.PubSub, Topic));
        await using SidecarUnderTest sidecar = await StartAsync(app.Address);

        await sidecar.Client.PublishEventAsync(SidecarUnderTest.PubSub, Topic, new Number(3), Cancellation);

        Assert.Equal([3, 3], await TakeAsync(values, 2));
    }

    [Fact]
    public async Task Publish_ToAnUnknownComponent_IsRefused()
    {
        await using SidecarUnderTest sidecar = await StartAsync(null);
        using var http = new HttpClient { BaseAddress = new Uri(sidecar.Http) };

        var refused = await Assert.ThrowsAnyAsync<Exception>(() => sidecar.Client.PublishEventAsync("other", Topic, new Number(1), Cancellation));
        using HttpResponseMessage response = await http.PostAsJsonAsync("/v1.0/publish/other/numbers", new Number(1), Cancellation);

        Assert.Equal(StatusCode.InvalidArgument, Assert.IsType<RpcException>(refused.InnerException).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public async Task Health_OfARunningSidecar_IsGood()
    {
        await using SidecarUnderTest sidecar = await StartAsync(null);

        Assert.True(await sidecar.Client.CheckHealthAsync(Cancellation));
        Assert.True(await sidecar.Client.CheckOutboundHealthAsync(Cancellation));
        Assert.Equal(SidecarUnderTest.AppId, (await sidecar.Client.GetMetadataAsync(Cancellation)).Id);
    }

    private protected abstract Task<SidecarUnderTest> StartAsync(Uri? app);

    private protected static async Task<List<T>> TakeAsync<T>(Channel<T> channel, int count)
    {
        var taken = new List<T>();
        while (taken.Count < count)
        {
            taken.Add(await channel.Reader.ReadAsync(Cancellation).AsTask().WaitAsync(Patience, Cancellation));
        }

        return taken;
    }

    /// <returns>How often the handler had the event before the dead-letter topic had it.</returns>
    private async Task<int> DeadLetterAsync(IResult answer)
    {
        var dead = Channel.CreateUnbounded<int>();
        int deliveries = 0;
        await using TestApp app = await TestApp.StartAsync(app =>
        {
            app.MapPost("/numbers", (Number _) =>
            {
                Interlocked.Increment(ref deliveries);
                return answer;
            }).WithTopic(new global::Dapr.TopicOptions { PubsubName = SidecarUnderTest.PubSub, Name = Topic, DeadLetterTopic = "dead" });
            app.MapPost("/dead", (Number number) => dead.Writer.TryWrite(number.Value)).WithTopic(SidecarUnderTest.PubSub, "dead");
        });
        await using SidecarUnderTest sidecar = await StartAsync(app.Address);

        await sidecar.Client.PublishEventAsync(SidecarUnderTest.PubSub, Topic, new Number(5), Cancellation);

        Assert.Equal(5, (await TakeAsync(dead, 1))[0]);
        return deliveries;
    }

    private static async Task<(TestApp App, Channel<JsonObject> Envelopes)> StartEnvelopeAppAsync(int failures = 0)
    {
        var envelopes = Channel.CreateUnbounded<JsonObject>();
        int calls = 0;
        TestApp app = await TestApp.StartAsync(
            app => app.MapPost("/numbers", async (HttpRequest request) =>
            {
                envelopes.Writer.TryWrite(JsonNode.Parse(await ReadAsync(request))!.AsObject());
                return Results.StatusCode(Interlocked.Increment(ref calls) <= failures ? 500 : 200);
            }).WithTopic(SidecarUnderTest.PubSub, Topic),
            unwraps: false);
        return (app, envelopes);
    }

    private static async Task<byte[]> ReadAsync(HttpRequest request)
    {
        using var buffer = new MemoryStream();
        await request.Body.CopyToAsync(buffer, request.HttpContext.RequestAborted);
        return buffer.ToArray();
    }

    private protected sealed record Number(int Value);
}
