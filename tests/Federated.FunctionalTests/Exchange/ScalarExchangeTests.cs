using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Federated.Client.Sessions;
using Federated.FunctionalTests.Server;
using Federated.PeerHost;
using Federated.Protocol.Models;

namespace Federated.FunctionalTests.Exchange;

/// <summary>One byte per gradient, live: devices on the SDK against a real server.</summary>
public sealed class ScalarExchangeTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly ExchangeWorld _world = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task Job_OfThreeDevices_LearnsByForwardPassesAndEndsInOneState()
    {
        await using var server = await RunningServer.StartAsync();
        string token = await server.CreateEnrolmentTokenAsync();
        string jobId = await ExchangeWorld.CreateJobAsync(server.Administrator, ExchangeWorld.Definition(rounds: 90, cohort: 3));
        GatedObjective[] objectives = [.. Enumerable.Range(0, 3).Select(number => new GatedObjective(Clouds.Examples((ulong)number)))];

        SessionSummary[] summaries = await Task.WhenAll(objectives.Select((objective, number) =>
            _world.Device(server.Addresses.Grpc, token, null, number, objective).RunAsync(Cancellation))).WaitAsync(Patience, Cancellation);

        var metrics = await server.Administrator.GetFromJsonAsync<JsonObject>($"/api/v1/jobs/{jobId}/metrics", Cancellation);
        JsonObject[] windows = [.. metrics!["items"]!.AsArray().Select(item => item!.AsObject())];
        Assert.Equal("completed", await ExchangeWorld.StatusAsync(server.Administrator, jobId));
        Assert.Single(summaries.Select(summary => summary.StateHash).Distinct());
        Assert.NotNull(summaries[0].StateHash);
        Assert.All(summaries, summary => Assert.Equal(90, summary.Exchanged));

        // Losses are told with the window after theirs. Two probes are four passes a round, and one byte each on the wire behind 18 of framing.
        Assert.All(objectives, objective => Assert.Equal(90 * 4, objective.Passes));
        Assert.Equal(12, windows.Length);
        Assert.Equal(90 * 3 * (18 + 2), windows.Sum(window => (long)window["bytesUp"]!));
        Assert.True((double)windows[^2]["trainingLoss"]! < 0.7 * (double)windows[1]["trainingLoss"]!, metrics.ToJsonString());

        byte[] file = await server.Administrator.GetByteArrayAsync($"/api/v1/jobs/{jobId}/versions/12/model", Cancellation);
        Assert.Contains(ModelFile.Read(file).Parameters, parameter => parameter != 0);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(0, 16)]
    public async Task Latecomer_JoinsHalfWay_EndsInTheSameState(int floatWeights, int pool)
    {
        await using var server = await RunningServer.StartAsync();
        string token = await server.CreateEnrolmentTokenAsync();
        object definition = ExchangeWorld.Definition(rounds: 60, cohort: 3, new { probes = 2, window = 8, float_weights = floatWeights }, selectionSeconds: 1);
        if (pool > 0)
        {
            definition = new
            {
                name = "pool",
                linear = new { features = ExchangeWorld.Features, outputs = ExchangeWorld.Outputs },
                rounds = 60,
                algorithm = new { name = "onebyte", parameters = new { probes = 2, window = 8, pool } },
                local = new { epochs = 1, batchSize = 32, learningRate = 0.02 },
                round = new { cohortSize = 3, deadlineSeconds = 600, selectionSeconds = 1 },
            };
        }

        string jobId = await ExchangeWorld.CreateJobAsync(server.Administrator, definition);
        using var gated = new GatedObjective(Clouds.Examples(0), gate: 30 * 4);
        Task<SessionSummary> first = _world.Device(server.Addresses.Grpc, token, jobId, 0, gated).RunAsync(Cancellation);

        // It is in the exchange from the first round on and none closes without it, so its gate is in round 30, whenever the other one comes.
        await Poll.UntilAsync(() => Task.FromResult(gated.Passes > 4), Cancellation).WaitAsync(Patience, Cancellation);
        Task<SessionSummary> second = _world.Device(server.Addresses.Grpc, token, jobId, 1, Clouds.Examples(1)).RunAsync(Cancellation);
        await gated.Reached.WaitAsync(Patience, Cancellation);

        SdkDevice late = _world.Device(server.Addresses.Grpc, token, jobId, 2, Clouds.Examples(2));
        var joined = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        late.Happened += happened => _ = happened.Kind == DeviceEventKind.Exchanging && joined.TrySetResult(happened.Round);
        Task<SessionSummary> latecomer = late.RunAsync(Cancellation);
        int start = await joined.Task.WaitAsync(Patience, Cancellation);
        await ExchangeWorld.WaitForStoredAsync(server.Administrator, jobId, 2);
        gated.Open();
        SessionSummary[] summaries = await Task.WhenAll(first, second, latecomer).WaitAsync(Patience, Cancellation);

        Assert.InRange(start, 8, 32);
        Assert.Equal(0, start % 8);
        Assert.Single(summaries.Select(summary => summary.StateHash).Distinct());
        Assert.InRange(summaries[2].Exchanged, 1, 59 - start);
    }

    [Fact]
    public async Task Machine_ThatGoesAndComesBack_EndsInTheSameState()
    {
        await using var server = await RunningServer.StartAsync();
        string token = await server.CreateEnrolmentTokenAsync();
        string jobId = await ExchangeWorld.CreateJobAsync(server.Administrator, ExchangeWorld.Definition(rounds: 100, cohort: 3, deadlineSeconds: 1, selectionSeconds: 30));
        using var first = new GatedObjective(Clouds.Examples(0), gate: 60 * 4);
        using var second = new GatedObjective(Clouds.Examples(1), gate: 60 * 4);
        using var leaver = new GatedObjective(Clouds.Examples(2), gate: 20 * 4);
        using var leaves = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        Task<SessionSummary>[] staying =
        [
            _world.Device(server.Addresses.Grpc, token, jobId, 0, first).RunAsync(Cancellation),
            _world.Device(server.Addresses.Grpc, token, jobId, 1, second).RunAsync(Cancellation),
        ];
        Task<SessionSummary> leaving = _world.Device(server.Addresses.Grpc, token, jobId, 2, leaver).RunAsync(leaves.Token);
        await leaver.Reached.WaitAsync(Patience, Cancellation);
        await leaves.CancelAsync();
        leaver.Open();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);

        // The others go on without it, and it comes back while they stand before round 60 or, where they have missed some, a later one.
        await Task.WhenAll(first.Reached, second.Reached).WaitAsync(Patience, Cancellation);
        using var back = new GatedObjective(Clouds.Examples(2), gate: 1);
        Task<SessionSummary> returning = _world.Device(server.Addresses.Grpc, token, jobId, 2, back).RunAsync(Cancellation);
        await back.Reached.WaitAsync(Patience, Cancellation);
        Array.ForEach([first, second, back], objective => objective.Open());
        SessionSummary[] summaries = await Task.WhenAll([.. staying, returning]).WaitAsync(Patience, Cancellation);

        Assert.Single(summaries.Select(summary => summary.StateHash).Distinct());
        Assert.All(summaries, summary => Assert.NotNull(summary.StateHash));
    }

    [Fact]
    public async Task Pause_InTheMiddleOfARound_ClosesNoRoundUntilTheJobIsResumed()
    {
        await using var server = await RunningServer.StartAsync();
        string token = await server.CreateEnrolmentTokenAsync();
        string jobId = await ExchangeWorld.CreateJobAsync(server.Administrator, ExchangeWorld.Definition(rounds: 40, cohort: 3));
        using var gated = new GatedObjective(Clouds.Examples(0), gate: (20 * 4) + 1);
        Task<SessionSummary>[] running =
        [
            _world.Device(server.Addresses.Grpc, token, jobId, 0, gated).RunAsync(Cancellation),
            _world.Device(server.Addresses.Grpc, token, jobId, 1, Clouds.Examples(1)).RunAsync(Cancellation),
            _world.Device(server.Addresses.Grpc, token, jobId, 2, Clouds.Examples(2)).RunAsync(Cancellation),
        ];
        await gated.Reached.WaitAsync(Patience, Cancellation);
        (await server.Administrator.PostAsync($"/api/v1/jobs/{jobId}/pause", null, Cancellation)).EnsureSuccessStatusCode();
        gated.Open();

        // All bytes of the round are there, and a device that asks now is told to come back.
        await ExchangeWorld.WaitForStoredAsync(server.Administrator, jobId, 3);
        SdkDevice late = _world.Device(server.Addresses.Grpc, token, jobId, 3, Clouds.Examples(3));
        var waits = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        late.Happened += happened => _ = happened.Kind == DeviceEventKind.Waiting && waits.TrySetResult();
        using var leaves = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        Task<SessionSummary> latecomer = late.RunAsync(leaves.Token);
        await waits.Task.WaitAsync(Patience, Cancellation);
        await leaves.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => latecomer);
        var job = await server.Administrator.GetFromJsonAsync<JsonObject>($"/api/v1/jobs/{jobId}", Cancellation);
        Assert.Equal("paused", (string)job!["status"]!);
        Assert.Equal((21, 3), ((int)job["progress"]!["round"]!, (int)job["progress"]!["stored"]!));

        (await server.Administrator.PostAsync($"/api/v1/jobs/{jobId}/resume", null, Cancellation)).EnsureSuccessStatusCode();
        SessionSummary[] summaries = await Task.WhenAll(running).WaitAsync(Patience, Cancellation);

        Assert.Equal("completed", await ExchangeWorld.StatusAsync(server.Administrator, jobId));
        Assert.Single(summaries.Select(summary => summary.StateHash).Distinct());
        Assert.All(summaries, summary => Assert.Equal(40, summary.Exchanged));
    }

    [Fact]
    public async Task Create_WhatDoesNotGoWithIt_IsRefusedWithReasons()
    {
        await using var server = await RunningServer.StartAsync();
        using var response = await server.Administrator.PostAsJsonAsync("/api/v1/jobs", new
        {
            linear = new { features = 8, outputs = 3 },
            algorithm = new { name = "onebyte", parameters = new { noise = 3 } },
            compression = new { up = "q4" },
            aggregation = new { rule = "median", byzantine = 1 },
        }, Cancellation);

        string body = await response.Content.ReadAsStringAsync(Cancellation);

        Assert.Equal(System.Net.HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("table", body, StringComparison.Ordinal);
        Assert.Contains("one byte already", body, StringComparison.Ordinal);
        Assert.Contains("no rule can compare", body, StringComparison.Ordinal);
    }
}
