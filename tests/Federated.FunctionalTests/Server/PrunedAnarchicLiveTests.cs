using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Federated.Client.Algorithms;
using Federated.Client.Pruning;
using Federated.Client.Sessions;
using Federated.Client.Training;
using Federated.Coordination.Anarchic;
using Federated.Coordination.Persistence;
using Federated.FunctionalTests.Database;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.Protocol.V1;
using Federated.Server.Configuration;
using Federated.Server.Database.Rows;
using Federated.Storage.Blobs;
using Microsoft.EntityFrameworkCore;

namespace Federated.FunctionalTests.Server;

/// <summary>Asynchronous jobs with a sparse model: SDK devices, one of which works so long that its mask is an earlier one when it is done.</summary>
public sealed class PrunedAnarchicLiveTests : IDisposable
{
    private const int Versions = 14;
    private const int Features = 16;
    private const int Outputs = 4;
    private const int Parameters = (Features * Outputs) + Outputs;

    private static readonly (double H, double C)[] Bowls = [(1, 3), (2, 0.5), (4, -1)];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("federated-pruned-anarchic-");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("afa-cd", "none")]
    [InlineData("afa-cs", "none")]
    [InlineData("fedbuff", "q8")]
    [InlineData("fedasync", "none")]
    public async Task Job_WithADeviceFromUnderAnEarlierMask_CarriesItsUpdateByIndex(string algorithm, string up)
    {
        await using var server = await RunningServer.StartAsync();
        var token = await server.CreateEnrolmentTokenAsync();
        var jobId = await CreateJobAsync(server.Administrator, algorithm, up);

        // The late one goes on when another device has seen the second mask; the others go on when it has sent its update.
        using var changed = new ManualResetEventSlim();
        using var sent = new ManualResetEventSlim();
        var late = Device(server.Addresses.Grpc, token, jobId, 2, new WatchingSolver(Bowls[2], _ => changed.Wait(Cancellation)));
        var latecomer = new TaskCompletionSource();
        late.Happened += happened =>
        {
            if (happened.Kind == DeviceEventKind.Working)
            {
                latecomer.TrySetResult();
            }
            else if (happened.Kind == DeviceEventKind.Stored)
            {
                sent.Set();
            }
        };
        var running = new List<Task> { late.RunAsync(Cancellation) };
        await latecomer.Task.WaitAsync(TimeSpan.FromMinutes(2), Cancellation);
        SdkDevice[] honest =
        [
            .. Enumerable.Range(0, 2).Select(number => Device(server.Addresses.Grpc, token, jobId, number, new WatchingSolver(Bowls[number], epoch =>
            {
                if (epoch > 1)
                {
                    changed.Set();
                    sent.Wait(Cancellation);
                }
            }))),
        ];
        running.AddRange(honest.Select(device => device.RunAsync(Cancellation)));

        await Task.WhenAll(running).WaitAsync(TimeSpan.FromMinutes(2), Cancellation);

        await server.StopAsync();
        var (made, assignments) = await CheckAsync(server.DataFolder, up, [.. honest, late]);
        var carried = assignments.Where(row => row.DeviceId == late.DeviceId).OrderBy(row => row.Round).First();
        Assert.True(made[carried.Round - 1].Mask!.Epoch < made[carried.ModelVersion!.Value - 1].Mask!.Epoch, "The late update is in a version whose mask was not another.");
    }

    [Fact]
    public Task Job_WithKilledServers_GivesTheModelsAndMasksOfWhatCounts() => KillableServer.WithAsync(async server =>
    {
        var jobId = await CreateJobAsync(server.Administrator, "afa-cs", "none");
        SdkDevice[] devices = [.. Enumerable.Range(0, 3).Select(number => Device(server.Grpc, server.EnrolmentToken, jobId, number, new WatchingSolver(Bowls[number], _ => { })))];

        // Killed while gradients are collected, when a mask has changed, and in between.
        await server.RunAsync(devices, [(DeviceEventKind.Stored, 3), (DeviceEventKind.Counted, 5), (DeviceEventKind.Assigned, 8)]);
        await server.TerminateAsync();

        await CheckAsync(server.DataFolder, "none", devices);
    });

    /// <summary>Every counted update is computed once more and fed to the algorithm alone; the versions must be the server's.</summary>
    private static async Task<(List<ModelContent> Made, List<AssignmentRow> Assignments)> CheckAsync(string data, string up, SdkDevice[] devices)
    {
        var bowls = devices.Zip(Bowls).ToDictionary(pair => pair.First.DeviceId, pair => pair.Second);
        var database = new DatabaseOptions { ConnectionString = $"Data Source={Path.Combine(data, "federated.db")}" };
        await using var context = (await TestDatabase.OpenAsync(database, Cancellation)).CreateDbContext();
        var job = await context.Jobs.SingleAsync(Cancellation);
        var versions = await context.ModelVersions.OrderBy(row => row.Version).ToListAsync(Cancellation);
        var assignments = await context.Assignments.Include(row => row.Update).ToListAsync(Cancellation);
        var definition = JobDefinition.Parse(System.Text.Encoding.UTF8.GetBytes(job.Definition));
        using var blobs = FileBlobStore.Open(Path.Combine(data, "models"));
        Assert.Equal((JobStatus.Completed, Versions), (job.Status, job.CurrentVersion));

        List<ModelContent> made = [];
        foreach (var version in versions)
        {
            made.Add(ModelFile.Read(await blobs.ReadAsync(BlobId.Parse(version.BlobId), Cancellation)));
        }

        var model = ModelFile.Read(ModelFile.Write(made[0]));
        var half = AnarchicAlgorithms.BuiltIn.Create(definition, model.Schema);
        half.Follow(model);
        var tasks = new Dictionary<string, LocalTraining>(StringComparer.Ordinal);
        for (var version = 0; version <= Versions; version++)
        {
            foreach (var row in assignments.Where(row => row.ModelVersion == version))
            {
                var pulled = made[row.Round - 1];
                float[][] sections = Recompute(pulled, row.Role, tasks[row.AssignmentId], row.Update!.LocalSteps, bowls[row.DeviceId]);
                Assert.Equal(ArrivalVerdict.Buffered, half.Offer(new AnarchicUpdate
                {
                    Id = row.AssignmentId,
                    ClientIndex = (uint)row.ClientIndex,
                    PulledVersion = row.Round - 1,
                    Steps = row.Update.LocalSteps,
                    Examples = row.Update.Weight,
                    Role = row.Role,
                    Delta = sections[0],
                    Gradients = sections.Length > 1 ? sections[1] : [],
                    PulledParameters = pulled.Parameters,
                    PulledMask = pulled.Mask,
                }));
            }

            if (version > 0)
            {
                half.Advance(model);
            }

            Assert.Equal(made[version].Mask!.HashText, model.Mask!.HashText);
            Assert.All(made[version].Parameters.Zip(model.Parameters), pair => Assert.Equal(pair.First, pair.Second, up == "none" ? 1e-4 : 0.05));
            foreach (var row in assignments.Where(row => row.Round == version + 1))
            {
                tasks[row.AssignmentId] = half.TrainingFor((uint)row.ClientIndex);
            }
        }

        Assert.True(made[^1].Mask!.Epoch > 2);
        Assert.All(made, content => Assert.Equal(Features * Outputs / 4, content.Mask!.ActiveCount));
        return (made, assignments);
    }

    private static float[][] Recompute(ModelContent pulled, string role, LocalTraining settings, int steps, (double H, double C) bowl)
    {
        (settings.Epochs, settings.Steps) = (0, (uint)steps);
        var client = new MaskedClient(ClientAlgorithms.Find("fedavg")!, pulled.Mask!);
        var sections = client.Sections(pulled.Schema, settings, role).ToArray();
        var payload = new byte[ClientUpdate.PayloadLength(sections)];
        var update = new ClientUpdate(sections, payload);
        var outcome = client.Run(
            new ClientTask { Schema = pulled.Schema, Parameters = pulled.Parameters, Settings = settings, Role = role, Round = 1 },
            new SgdSolver(new Bowl(Parameters, bowl.H, bowl.C)), update, Cancellation);
        Assert.Equal(ClientOutcome.Completed, outcome);
        var delta = update.Floats(SectionRole.Delta).ToArray();
        if (!update.Has(SectionRole.TopK))
        {
            return [delta];
        }

        var gradients = new float[(int)sections[^1].ElementCount];
        Federated.Protocol.Codecs.Frames.Decode(update.Frame(SectionRole.TopK), gradients);
        return [delta, gradients];
    }

    private static async Task<string> CreateJobAsync(HttpClient administrator, string algorithm, string up)
    {
        var parameters = new Dictionary<string, double> { ["maxStaleness"] = 50 };
        if (algorithm != "fedasync")
        {
            parameters["buffer"] = 2;
        }

        if (algorithm == "afa-cs")
        {
            parameters["absent"] = 2;
        }

        using var response = await administrator.PostAsJsonAsync("/api/v1/jobs", new
        {
            name = algorithm,
            linear = new { features = Features, outputs = Outputs },
            rounds = Versions,
            algorithm = new { name = algorithm, parameters },
            pruning = new { method = "fedtiny", density = 0.25, candidates = 1, alpha = 0.5, adjustEvery = 2, stopAdjusting = 20, blocks = 1 },
            local = new { epochs = 0, steps = 3, learningRate = 0.05 },
            round = new { cohortSize = 3, population = 3, deadlineSeconds = 600 },
            evaluation = new { everyRounds = 0 },
            compression = new { up },
        }, Cancellation);
        var body = await response.Content.ReadFromJsonAsync<JsonObject>(Cancellation);
        Assert.True(response.IsSuccessStatusCode, body?.ToJsonString());
        return (string)body!["jobId"]!;
    }

    private SdkDevice Device(string address, string token, string jobId, int number, ILocalSolver solver)
    {
        return new SdkDevice(address, token, jobId, Path.Combine(_folder.FullName, $"device-{number}"), solver);
    }

    /// <summary>Tells of the mask before it works.</summary>
    private sealed class WatchingSolver((double H, double C) bowl, Action<long> begins) : IMaskedSolver
    {
        private readonly SgdSolver _inner = new(new Bowl(Parameters, bowl.H, bowl.C));
        private long _epoch;

        public IObjective Objective => _inner.Objective;

        public void UseMask(ModelMask? mask)
        {
            _epoch = mask?.Epoch ?? _epoch;
            _inner.UseMask(mask);
        }

        public LocalSgdResult Solve(
            LocalSgdPlan plan, TrainingKey key, ReadOnlySpan<float> start, ReadOnlySpan<float> correction, Span<float> local, CancellationToken stop = default)
        {
            begins(_epoch);
            return _inner.Solve(plan, key, start, correction, local, stop);
        }
    }
}
