using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Federated.Client.Sessions;
using Federated.Client.Training;
using Federated.Client.Training.Softmax;
using Federated.Numerics;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Microsoft.Data.Sqlite;

namespace Federated.FunctionalTests.Server;

/// <summary>Jobs with a sparse model on a real server, with devices on the SDK and one that does everything wrong.</summary>
public sealed class PrunedLiveTests : IDisposable
{
    private const int Features = 16;
    private const int Outputs = 4;
    private const int Weights = Features * Outputs;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("federated-pruned-");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public Task Job_WithKilledServers_KeepsItsDensityAndItsMasks() => KillableServer.WithAsync(async server =>
    {
        string jobId = await server.CreateJobAsync(Job(rounds: 8, devices: 3));
        SdkDevice[] devices = [.. Enumerable.Range(0, 3).Select(number => Device(server.Grpc, server.EnrolmentToken, jobId, number, new SgdSolver(Objective(number))))];

        // Killed while the gradients of an adjustment come in, when a mask has changed, and in between.
        await server.RunAsync(devices, [(DeviceEventKind.Stored, 2), (DeviceEventKind.Counted, 4), (DeviceEventKind.Assigned, 6)]);

        var models = await ModelsAsync(server.Administrator, jobId);
        Assert.Equal(9, models.Count);
        CheckMasks(models);

        // Adjustments are the second, fourth and sixth training round; at the eighth nothing is moved any more.
        Assert.Equal([1, 1, 2, 2, 3, 3, 4, 4, 4], models.Select(model => model.Mask!.Epoch));
        await server.TerminateAsync();
    });

    [Fact]
    public async Task Job_WithUnrulyDevices_AdjustsByThoseThatSendGoodGradients()
    {
        await using var server = await RunningServer.StartAsync();
        var token = await server.CreateEnrolmentTokenAsync();
        var jobId = await CreateJobAsync(server.Administrator, Job(rounds: 3, devices: 4));
        using var unruly = await UnrulyDevice.EnrolAsync(server, token);
        SdkDevice[] devices =
        [
            Device(server.Addresses.Grpc, token, jobId, 0, new SgdSolver(Objective(0))),
            Device(server.Addresses.Grpc, token, jobId, 1, new SgdSolver(Objective(1))),

            // Its code fails in the round of the adjustment: it misses that.
            Device(server.Addresses.Grpc, token, jobId, 2, new FailingSolver(new SgdSolver(Objective(2)), call: 2)),
        ];

        var running = Task.WhenAll(devices.Select(device => device.RunAsync(Cancellation)));
        await unruly.RunAsync(jobId, Cancellation).WaitAsync(Patience, Cancellation);
        await running.WaitAsync(Patience, Cancellation);

        Assert.Equal(
            [
                "index out of range: bad-frame",
                "index twice: bad-frame",
                "not a number: not-finite",
                "more than asked for: oversize",
                "after its round: stale-round",
                "under the mask before: schema-mismatch",
            ],
            unruly.Refusals);
        var models = await ModelsAsync(server.Administrator, jobId);
        CheckMasks(models);
        Assert.Equal([1, 1, 2, 2], models.Select(model => model.Mask!.Epoch));
        var rounds = await server.Administrator.GetFromJsonAsync<JsonObject>($"/api/v1/jobs/{jobId}/rounds", Cancellation);
        var adjustment = rounds!["items"]!.AsArray().Single(round => (int)round!["round"]! == 2)!;
        Assert.Equal(2, (int)adjustment["counted"]!);

        // Whoever was counted before downloads the step from there: the version without its mask, and what changed of that.
        var last = rounds["items"]!.AsArray().Single(round => (int)round!["round"]! == 3)!;
        Assert.True((long)last["bytesDown"]! < 4 * ModelFile.SizeOf(models[2]));
    }

    [Fact]
    public async Task Job_WithCandidates_BeginsWithTheMaskOfLeastLoss()
    {
        await using var server = await RunningServer.StartAsync();
        var token = await server.CreateEnrolmentTokenAsync();
        var schema = LinearModel.CreateSchema(Features, Outputs);
        var values = new float[schema.ParameterCount];
        new CounterRandom(9, RandomPurpose.Test).FillGaussian(values, 0, 1);
        var start = new ModelContent(schema, values);
        using var content = new ByteArrayContent(ModelFile.Write(start));
        using var uploaded = await server.Administrator.PostAsync("/api/v1/models", content, Cancellation);
        var model = (string)(await uploaded.Content.ReadFromJsonAsync<JsonObject>(Cancellation))!["blobId"]!;
        var jobId = await CreateJobAsync(server.Administrator, new
        {
            name = "candidates",
            rounds = 3,
            pruning = new { method = "fedtiny", density = 0.25, candidates = 5, stopAdjusting = 0 },
            local = new { epochs = 1, batchSize = 8, learningRate = 0.2 },
            round = new { cohortSize = 2, deadlineSeconds = 600, selectionSeconds = 600 },
            bounds = new { maxNorm = 50.0 },
        }, model);
        SdkDevice[] devices = [.. Enumerable.Range(0, 2).Select(number => Device(server.Addresses.Grpc, token, jobId, number, new SgdSolver(Objective(number))))];

        await Task.WhenAll(devices.Select(device => device.RunAsync(Cancellation))).WaitAsync(Patience, Cancellation);

        // Three rounds, of which the first judges the candidates: a linear model has no normalisation.
        var models = await ModelsAsync(server.Administrator, jobId);
        Assert.Equal([null, 1, 1, 1], models.Select(version => version.Mask?.Epoch));
    }

    [Theory]
    [InlineData("scaffold", "sgd")]
    [InlineData("fedamd", "sgd")]
    [InlineData("feddyn", "sgd")]
    [InlineData("fedavg", "adam")]
    public async Task Job_WithAMemory_TrainsUnderMasksThatChange(string algorithm, string optimizer)
    {
        await using var server = await RunningServer.StartAsync();
        var token = await server.CreateEnrolmentTokenAsync();
        var parameters = new Dictionary<string, double>();
        if (algorithm == "fedamd")
        {
            (parameters["lazy"], parameters["probability"]) = (1, 0.3);
        }

        var jobId = await CreateJobAsync(server.Administrator, new
        {
            name = algorithm,
            linear = new { features = Features, outputs = Outputs },
            rounds = 12,
            algorithm = new { name = algorithm, parameters },
            serverOptimizer = new { name = optimizer },
            pruning = new { method = "feddst", density = 0.25, alpha = 1, adjustEvery = 2, stopAdjusting = 12, gradientValues = "f16" },
            local = new { epochs = 1, batchSize = 8, learningRate = 0.1 },
            round = new { cohortSize = 2, population = 3, deadlineSeconds = 600, selectionSeconds = 600 },
        });

        await Task.WhenAll(Enumerable.Range(0, 3).Select(number => Device(server.Addresses.Grpc, token, jobId, number, new SgdSolver(Objective(number))).RunAsync(Cancellation)))
            .WaitAsync(Patience, Cancellation);

        var models = await ModelsAsync(server.Administrator, jobId);
        Assert.Equal(13, models.Count);
        CheckMasks(models);
        Assert.True(models[^1].Mask!.Epoch > 2, $"{models[^1].Mask!.Epoch}");
    }

    [Fact]
    public async Task Create_WhatDoesNotGoWithPruning_Is400()
    {
        await using var server = await RunningServer.StartAsync();

        using var response = await server.Administrator.PostAsJsonAsync("/api/v1/jobs", new
        {
            linear = new { features = Features, outputs = Outputs },
            pruning = new { method = "fedtiny", density = 0.5, candidates = 1 },
            algorithm = new { name = "fedpage" },
            round = new { population = 10 },
        }, Cancellation);
        var problem = await response.Content.ReadFromJsonAsync<JsonObject>(Cancellation);

        Assert.Equal(400, (int)response.StatusCode);
        Assert.Contains("does not go with pruning", problem!["errors"]!["algorithm.name"]!.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Create_SynFlowOfAModelThatWasNotPruned_Is400AndSaysWhatToDo()
    {
        await using var server = await RunningServer.StartAsync();

        using var response = await server.Administrator.PostAsJsonAsync("/api/v1/jobs", new
        {
            linear = new { features = Features, outputs = Outputs },
            pruning = new { method = "synflow", density = 0.25 },
        }, Cancellation);
        var problem = await response.Content.ReadFromJsonAsync<JsonObject>(Cancellation);

        Assert.Equal(400, (int)response.StatusCode);
        Assert.Contains("init --synflow 0.25", problem!["errors"]!["pruning.method"]!.ToJsonString(), StringComparison.Ordinal);
    }

    private static object Job(int rounds, int devices) => new
    {
        name = "pruned",
        linear = new { features = Features, outputs = Outputs },
        rounds,
        pruning = new { method = "fedtiny", density = 0.25, candidates = 1, alpha = 1, adjustEvery = 2, stopAdjusting = 8, blocks = 1 },
        local = new { epochs = 1, batchSize = 8, learningRate = 0.2 },
        round = new { cohortSize = devices, minimumToClose = 1, deadlineSeconds = 600, selectionSeconds = 600, maxAbandoned = 100 },
    };

    private static void CheckMasks(List<ModelContent> models)
    {
        Assert.All(models, model =>
        {
            Assert.Equal(Weights / 4, model.Mask!.ActiveCount);
            Assert.Equal(model.Mask.Epoch, model.Schema.MaskEpoch);
            float[] masked = [.. model.Parameters];
            model.Mask.Apply(masked);
            Assert.Equal(masked, model.Parameters);
        });
        foreach (var (before, after) in models.Zip(models.Skip(1)))
        {
            var difference = MaskDifference.Between(before.Mask!, after.Mask!);
            Assert.Equal(before.Mask!.Epoch != after.Mask!.Epoch, difference.Layers.Length > 0);
            Assert.All(difference.Layers, layer =>
            {
                Assert.Equal(layer.Dropped.Length, layer.Grown.Length);
                Assert.All(layer.Grown, index => Assert.Equal(0, after.Parameters[after.Mask!.Layers[layer.Layer].Start + index]));
            });
        }
    }

    private static async Task<List<ModelContent>> ModelsAsync(HttpClient administrator, string jobId)
    {
        var page = await administrator.GetFromJsonAsync<JsonObject>($"/api/v1/jobs/{jobId}/versions?limit=100", Cancellation);
        var models = new List<ModelContent>();
        foreach (var version in page!["items"]!.AsArray().Select(item => (int)item!["version"]!).Order())
        {
            models.Add(ModelFile.Read(await administrator.GetByteArrayAsync($"/api/v1/jobs/{jobId}/versions/{version}/model", Cancellation)));
        }

        return models;
    }

    private static async Task<string> CreateJobAsync(HttpClient administrator, object definition, string? initialModel = null)
    {
        using var response = await administrator.PostAsJsonAsync($"/api/v1/jobs{(initialModel is null ? "" : $"?initialModel={initialModel}")}", definition, Cancellation);
        var body = await response.Content.ReadFromJsonAsync<JsonObject>(Cancellation);
        Assert.True(response.IsSuccessStatusCode, body?.ToJsonString());
        return (string)body!["jobId"]!;
    }

    private static SoftmaxObjective Objective(int device)
    {
        var random = new CounterRandom((ulong)device, RandomPurpose.Test);
        var features = new float[40 * Features];
        random.FillGaussian(features, 0, 1);
        var objective = new SoftmaxObjective(Features, Outputs);
        objective.Select(
            new ExampleSet(features, Features, Enumerable.Range(0, 40).Select(row => (device + row) % Outputs).ToArray()), Enumerable.Range(0, 40).ToArray());
        return objective;
    }

    private SdkDevice Device(string address, string token, string jobId, int number, ILocalSolver solver) =>
        new(address, token, jobId, Path.Combine(_folder.FullName, $"device-{number}"), solver);

    /// <summary>Fails in one of its calls.</summary>
    private sealed class FailingSolver(SgdSolver inner, int call) : IMaskedSolver
    {
        private int _calls;

        public IObjective Objective => inner.Objective;

        public void UseMask(ModelMask? mask)
        {
            inner.UseMask(mask);
        }

        public LocalSgdResult Solve(
            LocalSgdPlan plan, TrainingKey key, ReadOnlySpan<float> start, ReadOnlySpan<float> correction, Span<float> local, CancellationToken stop = default)
        {
            return ++_calls == call
                ? throw new NotSupportedException("The device cannot work now.")
                : inner.Solve(plan, key, start, correction, local, stop);
        }
    }
}
