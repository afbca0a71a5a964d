using Federated.Client.Sessions;
using Federated.Coordination.Persistence;
using Federated.FunctionalTests.Client;
using Federated.FunctionalTests.Database;
using Federated.Protocol.Models;
using Federated.Server.Configuration;
using Federated.Server.Database.Rows;
using Federated.Storage.Blobs;
using Microsoft.EntityFrameworkCore;

namespace Federated.FunctionalTests.Server;

/// <summary>
/// The server is killed (SIGKILL) at several moments of a job and started again. The job completes, and what the devices
/// were told agrees with the database and with the numbers in the models.
/// </summary>
public sealed class KillTests(PostgresCluster cluster)
{
    private const int Rounds = 6;
    private const int Features = 7;
    private const int Outputs = 3;
    private const int Parameters = (Features * Outputs) + Outputs;

    /// <summary>Each device shifts the model by a number of its own.</summary>
    private static readonly float[] Shifts = [1, 2, 4, 8];

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

    [Fact]
    public Task Kill_AtSeveralMoments_OnSqlite_LosesAndRepeatsNothing() => KillableServer.WithAsync(server => RunAsync(server, server.Database));

    [Fact]
    public async Task Kill_AtSeveralMoments_OnPostgres_LosesAndRepeatsNothing()
    {
        var database = new DatabaseOptions { Provider = DatabaseProvider.PostgreSQL, ConnectionString = await cluster.CreateDatabaseAsync(Cancellation) };
        await KillableServer.WithAsync(
            server => RunAsync(server, database),
            $"--Database:Provider={database.Provider}", $"--Database:ConnectionString={database.ConnectionString}", "--Database:MigrateAtStart=true");
    }

    private static async Task RunAsync(KillableServer server, DatabaseOptions database)
    {
        string jobId = await server.CreateJobAsync(new
        {
            name = "kill",
            linear = new { features = Features, outputs = Outputs },
            rounds = Rounds,
            local = new { epochs = 0, steps = 1 },
            round = new { cohortSize = Shifts.Length, reportGoal = Shifts.Length - 1, deadlineSeconds = 600, selectionSeconds = 600, maxAbandoned = 100 },
        });
        SdkDevice[] devices = [.. Shifts.Select((shift, number) => new SdkDevice(
            server.Grpc, server.EnrolmentToken, jobId, server.Folder($"device-{number}"), new StubSolver(Parameters, local => Shift(local, shift))))];

        await server.RunAsync(devices, Moments);
        await server.TerminateAsync();

        await CheckAsync(database, server.ModelFolder, devices, jobId);
    }

    private static async Task CheckAsync(DatabaseOptions database, string modelFolder, SdkDevice[] devices, string jobId)
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
        await CheckNumbersAsync(modelFolder, versions, assignments, shifts);
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
    private static async Task CheckNumbersAsync(
        string modelFolder, List<ModelVersionRow> versions, List<AssignmentRow> assignments, Dictionary<string, float> shifts)
    {
        using var blobs = FileBlobStore.Open(modelFolder);
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
