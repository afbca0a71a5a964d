using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Federated.Client.Sessions;
using Federated.Client.Sparse;
using Federated.Client.Training;
using Federated.Coordination.Pruning;
using Federated.Numerics;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Microsoft.Data.Sqlite;

namespace Federated.FunctionalTests.Server;

/// <summary>Devices of a real server choose the first mask of a model with batch norm, and the choice is that of plain loops over all their examples.</summary>
public sealed class CandidateLiveTests : IDisposable
{
    private const int Candidates = 6;
    private const double Density = 0.25;
    private const ulong Seed = 11;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("federated-candidates-");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Job_WithUnrulyDevices_ChoosesByTheFiguresOfTheOthers()
    {
        await using var server = await RunningServer.StartAsync();
        var token = await server.CreateEnrolmentTokenAsync();
        float[] start = Start();
        var jobId = await CreateJobAsync(server.Administrator, start, new { cohortSize = 5, overSelection = 1.4, minimumToClose = 2, deadlineSeconds = 600, selectionSeconds = 600 });

        // Three with examples, one with a single example, one whose sensor gives NaN; by hand one that sends NaN and one that says nothing.
        ExampleSet[] examples = [Examples(1, 40), Examples(2, 50), Examples(3, 60), Examples(4, 1), Examples(5, 30, broken: true)];
        using var refused = new ManualResetEventSlim();
        var devices = examples.Select((set, number) => Device(server.Addresses.Grpc, token, jobId, number, new HeldSolver(Solver(set), refused))).ToArray();
        using var lying = await HandmadeDevice.EnrolAsync(server, token);
        using var silent = await HandmadeDevice.EnrolAsync(server, token);

        var first = Assert.Single(new MomentWatch(devices, [(DeviceEventKind.Counted, 1)]).All);
        var running = Task.WhenAll(devices.Select(device => device.RunAsync(Cancellation)));
        var tasks = await Task.WhenAll(lying.TaskAsync(jobId, Cancellation), silent.TaskAsync(jobId, Cancellation)).WaitAsync(Patience, Cancellation);
        var sums = tasks[0].TicketContent.Sections.Single();
        var payload = new byte[sums.ElementCount * sizeof(double)];
        payload.AsSpan().Fill(0xFF);
        Assert.Equal("not-finite", await lying.SendAsync(tasks[0], payload, Cancellation));
        await lying.GiveUpAsync(tasks[0], Cancellation);
        refused.Set();
        await first.Reached.WaitAsync(Patience, Cancellation);
        await Task.WhenAll(running, lying.GiveUpAllAsync(jobId, Cancellation), silent.GiveUpAllAsync(jobId, Cancellation)).WaitAsync(Patience, Cancellation);

        var models = await ModelsAsync(server.Administrator, jobId);
        CheckChoice(models, start, examples[..3], examples[..4]);
        Assert.NotEqual(models[2].Statistics, models[3].Statistics);
        var rounds = (await server.Administrator.GetFromJsonAsync<JsonObject>($"/api/v1/jobs/{jobId}/rounds", Cancellation))!["items"]!.AsArray();
        var opening = rounds.Single(round => (int)round!["round"]! == 1)!;
        Assert.Equal((7, 5), ((int)opening["assigned"]!, (int)opening["counted"]!));
    }

    [Fact]
    public Task Job_ServerKilledBetweenThePhases_GoesOnWithThePooledStatistics() => KillableServer.WithAsync(async server =>
    {
        float[] start = Start();
        var jobId = await CreateJobAsync(server.Administrator, start, new { cohortSize = 3, deadlineSeconds = 600, selectionSeconds = 600 });
        ExampleSet[] examples = [Examples(1, 40), Examples(2, 50), Examples(3, 60)];
        SdkDevice[] devices = [.. examples.Select((set, number) => Device(server.Grpc, server.EnrolmentToken, jobId, number, Solver(set)))];

        // When the sums are pooled, and while the losses come in.
        await server.RunAsync(devices, [(DeviceEventKind.Counted, 1), (DeviceEventKind.Stored, 2)]);

        CheckChoice(await ModelsAsync(server.Administrator, jobId), start, examples, examples);
    });

    /// <summary>Two rounds judge, the third trains from what was chosen.</summary>
    private static void CheckChoice(List<ModelContent> models, float[] start, ExampleSet[] described, ExampleSet[] judged)
    {
        var settings = new PruningSettings { Method = "fedtiny", Density = Density, Candidates = Candidates, StopAdjusting = 0 };
        ModelMask[] masks = [.. PruningMethods.Create(settings, NaiveCandidates.Schema, Seed)!.Candidates(start)];
        var expected = NaiveCandidates.Choose(masks, start, described, judged);

        Assert.Equal(Candidates, expected.Losses.Distinct().Count());
        Assert.Equal([null, null, 1, 1], models.Select(model => model.Mask?.Epoch));
        Assert.Equal(expected.Best.HashText, models[2].Mask!.HashText);
        Assert.Equal((int)Math.Round(Density * models[2].Mask!.PrunableCount), models[2].Mask!.ActiveCount);
        for (int i = 0; i < expected.Statistics.Length; i++)
        {
            Assert.Equal(expected.Statistics[i], models[2].Statistics[i], 1e-4);
        }

        float[] masked = [.. start];
        expected.Best.Apply(masked);
        Assert.Equal(masked, models[2].Parameters);
        Assert.NotEqual(masked, models[3].Parameters);
    }

    private static float[] Start()
    {
        var start = new float[NaiveCandidates.Schema.ParameterCount];
        new CounterRandom(9, RandomPurpose.Test).FillGaussian(start, 0, 0.5);
        return start;
    }

    private static ExampleSet Examples(ulong device, int count, bool broken = false)
    {
        var features = new float[count * NaiveCandidates.Features];
        new CounterRandom(device, RandomPurpose.Test, 3).FillGaussian(features, 0.3 * device, device);
        if (broken)
        {
            features.AsSpan().Fill(float.NaN);
        }

        return new ExampleSet(features, NaiveCandidates.Features, Enumerable.Range(0, count).Select(row => ((int)device + row) % NaiveCandidates.Outputs).ToArray());
    }

    private static SparseSolver Solver(ExampleSet examples)
    {
        var objective = new MaskedSparseObjective(NaiveCandidates.Architecture, NaiveCandidates.Schema);
        objective.Select(examples, Enumerable.Range(0, examples.Count).ToArray());
        return new SparseSolver(objective);
    }

    private static async Task<string> CreateJobAsync(HttpClient administrator, float[] start, object round)
    {
        float[] statistics = [.. Enumerable.Repeat(0f, NaiveCandidates.Hidden), .. Enumerable.Repeat(1f, NaiveCandidates.Hidden)];
        using var content = new ByteArrayContent(ModelFile.Write(new ModelContent(NaiveCandidates.Schema, start, statistics)));
        using var uploaded = await administrator.PostAsync("/api/v1/models", content, Cancellation);
        var model = (string)(await uploaded.Content.ReadFromJsonAsync<JsonObject>(Cancellation))!["blobId"]!;
        using var response = await administrator.PostAsJsonAsync($"/api/v1/jobs?initialModel={model}", new
        {
            name = "candidates",
            rounds = 3,
            seed = Seed,
            pruning = new { method = "fedtiny", density = Density, candidates = Candidates, stopAdjusting = 0 },
            local = new { epochs = 1, batchSize = 8, learningRate = 0.05 },
            round,
        }, Cancellation);
        var body = await response.Content.ReadFromJsonAsync<JsonObject>(Cancellation);
        Assert.True(response.IsSuccessStatusCode, body?.ToJsonString());
        return (string)body!["jobId"]!;
    }

    private static async Task<List<ModelContent>> ModelsAsync(HttpClient administrator, string jobId)
    {
        var models = new List<ModelContent>();
        for (int version = 0; version < 4; version++)
        {
            models.Add(ModelFile.Read(await administrator.GetByteArrayAsync($"/api/v1/jobs/{jobId}/versions/{version}/model", Cancellation)));
        }

        return models;
    }

    private SdkDevice Device(string address, string token, string jobId, int number, ILocalSolver solver) =>
        new(address, token, jobId, Path.Combine(_folder.FullName, $"device-{number}"), solver);

    /// <summary>Begins its work when it may.</summary>
    private sealed class HeldSolver(SparseSolver inner, ManualResetEventSlim open) : IMaskedSolver
    {
        public IObjective Objective => inner.Objective;

        public void UseMask(ModelMask? mask)
        {
            open.Wait(Cancellation);
            inner.UseMask(mask);
        }

        public LocalSgdResult Solve(
            LocalSgdPlan plan, TrainingKey key, ReadOnlySpan<float> start, ReadOnlySpan<float> correction, Span<float> local, CancellationToken stop = default) =>
            inner.Solve(plan, key, start, correction, local, stop);
    }
}
