using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Federated.Client.Sessions;
using Federated.Coordination.Persistence;
using Federated.FunctionalTests.Client;
using Federated.FunctionalTests.Database;
using Federated.Protocol.Models;
using Federated.Server.Configuration;
using Federated.Server.Database.Rows;
using Federated.Storage.Blobs;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace Federated.FunctionalTests.Server;

/// <summary>
/// The server is killed (SIGKILL) at several moments of a job and started again. The job completes, and what the devices
/// were told agrees with the database and with the numbers in the models.
/// </summary>
public sealed class KillTests(PostgresCluster cluster) : IDisposable
{
    private const string Key = "kill-test-administrator-key";
    private const int Rounds = 6;
    private const int Features = 7;
    private const int Outputs = 3;
    private const int Parameters = (Features * Outputs) + Outputs;

    /// <summary>Each device shifts the model by a number of its own.</summary>
    private static readonly float[] Shifts = [1, 2, 4, 8];

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("federated-kill-");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The server dies when a device sees one of these for the first time in a round.</summary>
    private static (DeviceEventKind Kind, int Round)[] Moments =>
    [
        (DeviceEventKind.Assigned, 1),
        (DeviceEventKind.Stored, 2),
        (DeviceEventKind.Counted, 3),
        (DeviceEventKind.Uploading, 4),
        (DeviceEventKind.Stored, 5),
    ];

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Kill_AtSeveralMoments_OnSqlite_LosesAndRepeatsNothing()
    {
        await RunAsync(new DatabaseOptions { ConnectionString = $"Data Source={Path.Combine(_folder.FullName, "server", "federated.db")}" });
    }

    [Fact]
    public async Task Kill_AtSeveralMoments_OnPostgres_LosesAndRepeatsNothing()
    {
        await RunAsync(new DatabaseOptions
        {
            Provider = DatabaseProvider.PostgreSQL,
            ConnectionString = await cluster.CreateDatabaseAsync(Cancellation),
            MigrateAtStart = true,
        });
    }

    private async Task RunAsync(DatabaseOptions database)
    {
        string[] settings =
        [
            $"--Data:Directory={Path.Combine(_folder.FullName, "server")}",
            $"--Database:Provider={database.Provider}",
            $"--Database:ConnectionString={database.ConnectionString}",
            "--Database:MigrateAtStart=true",
            $"--Admin:Key={Key}",
            "--Aggregator:SlotBytes=65536",
            "--Aggregator:SlotCount=8",
            "--Coordination:RestartDelay=00:00:00.1",
        ];
        var server = await ServerProcess.StartAsync(
            [.. settings, "--Endpoints:Rest=http://127.0.0.1:0", "--Endpoints:Grpc=http://127.0.0.1:0"], Cancellation);
        try
        {
            string[] again = [.. settings, $"--Endpoints:Rest={server.Rest}", $"--Endpoints:Grpc={server.Grpc}"];
            var jobId = await CreateJobAsync(server.Rest);
            var devices = Shifts
                .Select((shift, number) => new SdkDevice(
                    server.Grpc, server.EnrolmentToken, jobId, Path.Combine(_folder.FullName, $"device-{number}"),
                    new StubSolver(Parameters, local => Shift(local, shift))))
                .ToArray();
            var moments = new MomentWatch(devices, Moments);
            var running = Task.WhenAll(devices.Select(device => device.RunAsync(Cancellation)));

            foreach (var moment in moments.All)
            {
                var first = await Task.WhenAny(moment.Reached, running).WaitAsync(Patience, Cancellation);
                Assert.True(first == moment.Reached, $"The job ended before {moment}.");
                await server.KillAsync();
                await server.DisposeAsync();
                server = await ServerProcess.StartAsync(again, Cancellation);
            }

            await running.WaitAsync(Patience, Cancellation);
            Assert.Equal(0, await server.TerminateAsync(Cancellation));
            await CheckAsync(database, devices, jobId);
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"{exception.Message}\n--- the server said last:\n{server.Output}", exception);
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    private static async Task<string> CreateJobAsync(string address)
    {
        using var client = new HttpClient { BaseAddress = new Uri(address) };
        client.DefaultRequestHeaders.Add("X-Api-Key", Key);
        using var response = await client.PostAsJsonAsync("/api/v1/jobs", new
        {
            name = "kill",
            linear = new { features = Features, outputs = Outputs },
            rounds = Rounds,
            local = new { epochs = 0, steps = 1 },
            round = new { cohortSize = Shifts.Length, reportGoal = Shifts.Length - 1, deadlineSeconds = 60, selectionSeconds = 2, maxAbandoned = 100 },
        }, Cancellation);
        var body = await response.Content.ReadFromJsonAsync<JsonObject>(Cancellation);
        Assert.True(response.IsSuccessStatusCode, body?.ToJsonString());
        return (string)body!["jobId"]!;
    }

    private async Task CheckAsync(DatabaseOptions database, SdkDevice[] devices, string jobId)
    {
        await using var context = (await TestDatabase.OpenAsync(database, Cancellation)).CreateDbContext();
        var job = await context.Jobs.SingleAsync(Cancellation);
        var versions = await context.ModelVersions.OrderBy(row => row.Version).ToListAsync(Cancellation);
        var assignments = await context.Assignments.Include(row => row.Update).ToListAsync(Cancellation);
        var rounds = await context.Rounds.ToListAsync(Cancellation);

        Assert.Equal(jobId, job.JobId);
        Assert.Equal(JobStatus.Completed, job.Status);
        Assert.DoesNotContain(rounds, round => round.State == RoundState.Open);
        CheckLineage(job, versions);
        CheckCounted(assignments, rounds);
        Assert.Equal(devices.Length, await context.Devices.CountAsync(Cancellation));
        Assert.All(devices, device => CheckDevice(device, [.. assignments.Where(row => row.DeviceId == device.DeviceId)]));
        var shifts = devices.Zip(Shifts).ToDictionary(pair => pair.First.DeviceId, pair => pair.Second);
        await CheckNumbersAsync(versions, assignments, shifts);
    }

    private static void CheckLineage(JobRow job, List<ModelVersionRow> versions)
    {
        Assert.Equal(Rounds + 1, versions.Count);
        Assert.Equal(versions[^1].Version, job.CurrentVersion);
        for (var i = 1; i < versions.Count; i++)
        {
            Assert.Equal(versions[i - 1].Version, versions[i].Parent);
            Assert.Equal(i, versions[i].TrainingRounds);
        }
    }

    private static void CheckCounted(List<AssignmentRow> assignments, List<RoundRow> rounds)
    {
        Assert.All(assignments, assignment => Assert.NotEqual(AssignmentDisposition.Pending, assignment.Disposition));
        Assert.All(assignments, assignment => Assert.Equal(assignment.Disposition == AssignmentDisposition.Counted, assignment.Update is not null));
        foreach (var round in rounds.Where(round => round.State == RoundState.Closed))
        {
            Assert.Equal(round.Counted, assignments.Count(assignment => assignment.Round == round.Round && assignment.Update is not null));
        }
    }

    // Every Counted that a device saw is a counted assignment of its own, in the version that it was told; Discarded likewise.
    private static void CheckDevice(SdkDevice device, List<AssignmentRow> assignments)
    {
        var told = device.Events.Where(happened => happened.Kind == DeviceEventKind.Counted).Select(happened => (happened.Round, happened.ModelVersion)).ToList();
        var counted = assignments.Where(row => row.Disposition == AssignmentDisposition.Counted).Select(row => (row.Round, row.ModelVersion!.Value));
        var toldDiscarded = device.Events.Where(happened => happened.Kind == DeviceEventKind.Discarded).Select(happened => happened.Round);
        var discarded = assignments.Where(row => row.Disposition == AssignmentDisposition.Discarded).Select(row => row.Round);

        Assert.NotEmpty(told);
        Assert.Equal(told.Count, told.Distinct().Count());
        Assert.Subset(counted.ToHashSet(), told.ToHashSet());
        Assert.True(
            toldDiscarded.ToHashSet().IsSubsetOf(discarded),
            $"Told: {string.Join("; ", device.Events.Where(happened => happened.Kind == DeviceEventKind.Discarded).Select(happened => happened.Text))}. "
            + $"Stored: {string.Join("; ", assignments.Select(row => $"{row.Round} {row.AssignmentId} {row.Disposition} {row.Reason}"))}.");
    }

    // The oracle: a version is its parent plus the mean of the shifts of exactly the devices that count in it.
    private async Task CheckNumbersAsync(
        List<ModelVersionRow> versions, List<AssignmentRow> assignments, Dictionary<string, float> shifts)
    {
        using var blobs = FileBlobStore.Open(Path.Combine(_folder.FullName, "server", "models"));
        var expected = 0.0;
        foreach (var version in versions.Skip(1))
        {
            expected += assignments.Where(row => row.ModelVersion == version.Version).Average(row => shifts[row.DeviceId]);
            var model = ModelFile.Read(await blobs.ReadAsync(BlobId.Parse(version.BlobId), Cancellation));

            Assert.All(model.Parameters, parameter => Assert.Equal(expected, parameter, 1e-4));
        }
    }

    private static void Shift(float[] parameters, float shift)
    {
        for (var i = 0; i < parameters.Length; i++)
        {
            parameters[i] += shift;
        }
    }
}
