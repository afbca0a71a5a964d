using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Federated.Client.Training;
using Federated.Client.Training.Softmax;
using Federated.FunctionalTests.Client;
using Federated.Numerics;
using Federated.Protocol.V1;
using Grpc.Core;

namespace Federated.FunctionalTests.Server;

/// <summary>Real devices on the SDK against a real server.</summary>
public sealed class EndToEndTests : IDisposable
{
    private const int Features = 8;
    private const int Outputs = 3;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("federated-devices-");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Job_OfThreeDevices_LearnsAndCompletes()
    {
        await using var server = await RunningServer.StartAsync();
        var token = await server.CreateEnrolmentTokenAsync();
        var jobId = await CreateJobAsync(server, new
        {
            linear = new { features = Features, outputs = Outputs },
            rounds = 10,
            round = new { cohortSize = 3, deadlineSeconds = 600 },
            local = new { epochs = 2, batchSize = 16, learningRate = 0.2 },
            evaluation = new { everyRounds = 5, deadlineSeconds = 600 },
        });

        var summaries = await Task.WhenAll(Enumerable.Range(0, 3)
            .Select(number => Device(server, token, null, number, Solver((ulong)number)).RunAsync(Cancellation)))
            .WaitAsync(TimeSpan.FromMinutes(2), Cancellation);

        var job = await server.Administrator.GetFromJsonAsync<JsonObject>($"/api/v1/jobs/{jobId}", Cancellation);
        var metrics = await server.Administrator.GetFromJsonAsync<JsonObject>($"/api/v1/jobs/{jobId}/metrics", Cancellation);
        var items = metrics!["items"]!.AsArray();
        var evaluations = items.Where(item => (string)item!["kind"]! == "evaluate").ToList();
        var training = items.Where(item => (string)item!["kind"]! == "train").ToList();
        Assert.Equal("completed", (string)job!["status"]!);
        Assert.Equal(10, (int)job["trainingRounds"]!);
        Assert.All(summaries, summary => Assert.Equal(10, summary.Trained));
        Assert.Equal(10, training.Count);
        Assert.True((double)training[^1]!["trainingLoss"]! < (double)training[0]!["trainingLoss"]!);
        Assert.True((double)evaluations[^1]!["accuracy"]! > 0.9, metrics.ToJsonString());
    }

    [Fact]
    public async Task Failure_OfADevice_IsListedWithItsReason()
    {
        await using var server = await RunningServer.StartAsync();
        var token = await server.CreateEnrolmentTokenAsync();
        var jobId = await CreateJobAsync(server, new
        {
            linear = new { features = Features, outputs = Outputs },
            rounds = 1,
            round = new { cohortSize = 2, minimumToClose = 1, deadlineSeconds = 600 },
            local = new { epochs = 0, steps = 1 },
        });
        var broken = new StubSolver((Features * Outputs) + Outputs, _ => throw new InvalidOperationException("The sensor is on fire."));

        await Task.WhenAll(
            Device(server, token, jobId, 0, StubSolver.PlusOne((Features * Outputs) + Outputs)).RunAsync(Cancellation),
            Device(server, token, jobId, 1, broken).RunAsync(Cancellation)).WaitAsync(TimeSpan.FromMinutes(2), Cancellation);

        var failures = await server.Administrator.GetFromJsonAsync<JsonObject>($"/api/v1/jobs/{jobId}/rounds/1/failures", Cancellation);
        var failure = Assert.Single(failures!["items"]!.AsArray());
        Assert.Equal("exception", (string)failure!["kind"]!);
        Assert.Contains("The sensor is on fire.", (string)failure["message"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CheckIn_ASecondTime_EndsTheFirst()
    {
        await using var server = await RunningServer.StartAsync();
        await CreateJobAsync(server, new { linear = new { features = Features, outputs = Outputs }, round = new { cohortSize = 5, selectionSeconds = 600 } });
        using var device = await TestDevice.EnrolAndAuthenticateAsync(server, await server.CreateEnrolmentTokenAsync());
        var coordinator = new Coordinator.CoordinatorClient(server.Channel);
        var request = new CheckInRequest { SdkVersion = "0.1.0", WaitMs = 60_000 };

        using var first = coordinator.CheckInAsync(request, device.Headers, cancellationToken: Cancellation);
        using var second = coordinator.CheckInAsync(request, device.Headers, cancellationToken: Cancellation);
        var replied = await Task.WhenAny(first.ResponseAsync, second.ResponseAsync).WaitAsync(TimeSpan.FromMinutes(2), Cancellation);

        Assert.Equal(RejectionReason.Superseded, (await replied).Rejection.Reason);
    }

    [Fact]
    public async Task Shutdown_WithAnOpenCheckIn_AnswersIt()
    {
        var server = await RunningServer.StartAsync();
        await CreateJobAsync(server, new { linear = new { features = Features, outputs = Outputs }, round = new { cohortSize = 5, selectionSeconds = 600 } });
        using var device = await TestDevice.EnrolAndAuthenticateAsync(server, await server.CreateEnrolmentTokenAsync());
        using var checkIn = new Coordinator.CoordinatorClient(server.Channel).CheckInAsync(
            new CheckInRequest { SdkVersion = "0.1.0", WaitMs = 60_000 }, device.Headers, cancellationToken: Cancellation);
        await WaitUntilAsync(server, job => (int?)job["progress"]?["waiting"] == 1);

        await server.StopAsync();

        var reply = await checkIn.ResponseAsync.WaitAsync(TimeSpan.FromMinutes(2), Cancellation);
        Assert.Equal(RejectionReason.Unavailable, reply.Rejection.Reason);
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Download_OfAModel_ResumesAtAnOffset()
    {
        await using var server = await RunningServer.StartAsync();
        var jobId = await CreateJobAsync(server, new { linear = new { features = Features, outputs = Outputs } });
        using var device = await TestDevice.EnrolAndAuthenticateAsync(server, await server.CreateEnrolmentTokenAsync());
        var file = await server.Administrator.GetByteArrayAsync($"/api/v1/jobs/{jobId}/versions/0/model", Cancellation);
        var blobId = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(file));

        Assert.Equal(file, await DownloadAsync(server, device, blobId, 0));
        Assert.Equal(file[100..], await DownloadAsync(server, device, blobId, 100));
        Assert.Empty(await DownloadAsync(server, device, blobId, file.Length));
        await GrpcAssert.RefusedAsync(StatusCode.OutOfRange, "offset-beyond-end", () => DownloadAsync(server, device, blobId, file.Length + 1));
        await GrpcAssert.RefusedAsync(StatusCode.NotFound, "blob-unknown", () => DownloadAsync(server, device, new string('0', 64), 0));
        await GrpcAssert.RefusedAsync(StatusCode.InvalidArgument, "argument-invalid", () => DownloadAsync(server, device, "../secret", 0));
    }

    private static async Task<byte[]> DownloadAsync(RunningServer server, TestDevice device, string blobId, long offset)
    {
        using var call = new ModelStore.ModelStoreClient(server.Channel).DownloadModel(
            new DownloadRequest { BlobId = blobId, Offset = (ulong)offset }, device.Headers, cancellationToken: Cancellation);
        using var content = new MemoryStream();
        await foreach (var chunk in call.ResponseStream.ReadAllAsync(Cancellation))
        {
            chunk.Data.WriteTo(content);
        }

        return content.ToArray();
    }

    private static Task WaitUntilAsync(RunningServer server, Func<JsonObject, bool> condition) => Poll.UntilAsync(
        async () => condition((await server.Administrator.GetFromJsonAsync<JsonObject>("/api/v1/jobs", Cancellation))!["items"]![0]!.AsObject()), Cancellation);

    private static async Task<string> CreateJobAsync(RunningServer server, object definition)
    {
        using var response = await server.Administrator.PostAsJsonAsync("/api/v1/jobs", definition, Cancellation);
        var body = await response.Content.ReadFromJsonAsync<JsonObject>(Cancellation);
        Assert.True(response.IsSuccessStatusCode, body?.ToJsonString());
        return (string)body!["jobId"]!;
    }

    private SdkDevice Device(RunningServer server, string token, string? jobId, int number, ILocalSolver solver)
    {
        return new SdkDevice(server.Addresses.Grpc, token, jobId, Path.Combine(_folder.FullName, $"device-{number}"), solver);
    }

    /// <summary>Three clouds of points, one for each class, the same for every device but for the noise.</summary>
    private static SgdSolver Solver(ulong seed)
    {
        const int Examples = 120;
        var random = new CounterRandom(seed, RandomPurpose.Partition);
        var features = new float[Examples * Features];
        var labels = new int[Examples];
        for (var i = 0; i < Examples; i++)
        {
            labels[i] = i % Outputs;
            for (var j = 0; j < Features; j++)
            {
                features[(i * Features) + j] = (j % Outputs == labels[i] ? 1.5f : 0f) + (random.NextSingle() - 0.5f);
            }
        }

        var objective = new SoftmaxObjective(Features, Outputs);
        objective.Select(new ExampleSet(features, Features, labels), Enumerable.Range(0, Examples).ToArray());
        return new SgdSolver(objective);
    }
}
