using System.Diagnostics;
using System.Threading.Channels;
using Dapr.Client;
using Federated.DaprSidecar;
using Federated.DaprSidecar.Faults;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Mvc;

namespace Federated.FunctionalTests.Dapr;

/// <summary>What the sidecar of this repository does beyond Dapr: several apps in one process, faults on purpose, its command line.</summary>
public sealed class DevelopmentSidecarTests
{
    private const string Topic = "numbers";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Publish_ToSeveralApps_EachGetsEveryMessage()
    {
        (TestApp First, Channel<int> Numbers) one = await StartAppAsync();
        (TestApp First, Channel<int> Numbers) two = await StartAppAsync();
        await using TestApp first = one.First;
        await using TestApp second = two.First;
        await using DevelopmentSidecar sidecar = await StartAsync(FaultSettings.None, first, second);
        using DaprClient client = Connect(sidecar.Endpoints[1]);

        await PublishAsync(client, 20);

        Assert.Equal(Enumerable.Range(0, 20), (await TakeAsync(one.Numbers, 20)).Order());
        Assert.Equal(Enumerable.Range(0, 20), (await TakeAsync(two.Numbers, 20)).Order());
    }

    [Fact]
    public async Task Duplicate_OfEverything_DeliversTwice()
    {
        List<int> numbers = await DeliverAsync(new FaultSettings { Duplicate = 1 }, published: 5, expected: 10);

        Assert.Equal([0, 0, 1, 1, 2, 2, 3, 3, 4, 4], numbers.Order());
    }

    [Fact]
    public async Task Reorder_OfHalf_DeliversAllInAnotherOrder()
    {
        List<int> numbers = await DeliverAsync(new FaultSettings { Reorder = 0.5, Seed = 3 }, published: 30, expected: 30);

        Assert.Equal(Enumerable.Range(0, 30), numbers.Order());
        Assert.NotEqual(Enumerable.Range(0, 30), numbers);
    }

    [Fact]
    public async Task Drop_OfEverything_DeliversNothingUntilItEnds()
    {
        (TestApp app, Channel<int> numbers) = await StartAppAsync();
        await using TestApp _ = app;
        await using DevelopmentSidecar sidecar = await StartAsync(new FaultSettings { Drop = 1 }, app);
        using DaprClient client = Connect(sidecar.Endpoints[0]);

        await PublishAsync(client, 3);
        await sidecar.Faults.WaitForAsync(3, Cancellation);
        sidecar.Faults.Settings = FaultSettings.None;
        await client.PublishEventAsync("pubsub", Topic, 99, Cancellation);

        Assert.Equal([99], await TakeAsync(numbers, 1));
    }

    [Theory]
    [InlineData(4 * 1024 * 1024, false)]
    [InlineData(8 * 1024 * 1024, true)]
    public async Task Publish_OfFiveMegabytes_NeedsAHigherLimit(int limit, bool isTaken)
    {
        await using DevelopmentSidecar sidecar = await DevelopmentSidecar.StartAsync(
            new SidecarOptions { Apps = [new SidecarApp("app", null, 0, 0)], MaxBodySize = limit }, Cancellation);
        using DaprClient client = Connect(sidecar.Endpoints[0]);

        Exception? refused = await Record.ExceptionAsync(() =>
            client.PublishByteEventAsync("pubsub", Topic, new byte[5_000_000], "application/octet-stream", cancellationToken: Cancellation));

        Assert.Equal(isTaken, refused is null);
    }

    [Fact]
    public async Task Help_ListsTheSwitches_AndEndsWithZero()
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Federated.DaprSidecar.dll"), "--help"])
        {
            RedirectStandardOutput = true,
        })!;

        string help = await process.StandardOutput.ReadToEndAsync(Cancellation);
        await process.WaitForExitAsync(Cancellation);

        Assert.Equal(0, process.ExitCode);
        Assert.All(["--app", "--redis", "--duplicate", "--delay", "--reorder", "--drop", "--crash-after"], name => Assert.Contains(name, help, StringComparison.Ordinal));
    }

    [Fact]
    public void Parse_OfAnUnreadableApp_NamesThePart()
    {
        var refused = Assert.Throws<FormatException>(() => SidecarApp.Parse("node-1,app=http://localhost:80,port=1"));

        Assert.Contains("'port=1'", refused.Message, StringComparison.Ordinal);
    }

    private static async Task<List<int>> DeliverAsync(FaultSettings faults, int published, int expected)
    {
        (TestApp app, Channel<int> numbers) = await StartAppAsync();
        await using TestApp _ = app;
        await using DevelopmentSidecar sidecar = await StartAsync(faults, app);
        using DaprClient client = Connect(sidecar.Endpoints[0]);

        await PublishAsync(client, published);

        return await TakeAsync(numbers, expected);
    }

    private static async Task<(TestApp App, Channel<int> Numbers)> StartAppAsync()
    {
        var numbers = Channel.CreateUnbounded<int>();
        TestApp app = await TestApp.StartAsync(app =>
            app.MapPost("/numbers", ([FromBody] int number) => numbers.Writer.TryWrite(number)).WithTopic("pubsub", Topic));
        return (app, numbers);
    }

    private static async Task<DevelopmentSidecar> StartAsync(FaultSettings faults, params TestApp[] apps)
    {
        DevelopmentSidecar sidecar = await DevelopmentSidecar.StartAsync(
            new SidecarOptions { Apps = [.. apps.Select((app, i) => new SidecarApp($"app-{i}", app.Address, 0, 0))], Faults = faults }, Cancellation);
        await sidecar.WaitUntilReadyAsync(Cancellation);
        return sidecar;
    }

    private static async Task PublishAsync(DaprClient client, int count)
    {
        for (int i = 0; i < count; i++)
        {
            await client.PublishEventAsync("pubsub", Topic, i, Cancellation);
        }
    }

    private static async Task<List<int>> TakeAsync(Channel<int> numbers, int count)
    {
        var taken = new List<int>();
        while (taken.Count < count)
        {
            taken.Add(await numbers.Reader.ReadAsync(Cancellation).AsTask().WaitAsync(Patience, Cancellation));
        }

        return taken;
    }

    private static DaprClient Connect(SidecarEndpoint endpoint) =>
        new DaprClientBuilder().UseHttpEndpoint(endpoint.Http).UseGrpcEndpoint(endpoint.Grpc).Build();
}
