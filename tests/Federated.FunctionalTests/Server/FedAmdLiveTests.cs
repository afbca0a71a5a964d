using Federated.Client.Sessions;
using Federated.Client.Training;
using Federated.Coordination.Persistence;
using Federated.FunctionalTests.Database;
using Federated.Protocol.Models;
using Federated.Protocol.V1;
using Federated.Server.Database.Rows;
using Federated.Storage.Blobs;
using Microsoft.EntityFrameworkCore;

namespace Federated.FunctionalTests.Server;

/// <summary>
/// FedAMD with devices on the SDK against a server that is killed three times: roles in the task assignments, the mean of the bullseyes and, where the server holds them, the bullseyes
/// themselves in the model store. The models are those that follow from the roles and updates in the database, and the mean went to miners only.
/// </summary>
public sealed class FedAmdLiveTests
{
    private const int Rounds = 10;
    private const int Features = 7;
    private const int Outputs = 3;
    private const int Parameters = (Features * Outputs) + Outputs;
    private const int Steps = 3;
    private const double Rate = 0.1;

    private static readonly (double H, double C)[] Bowls = [(1, 3), (2, 0), (4, -1), (0.5, 2)];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public Task Job_WithRestarts_GivesTheModelsOfItsRolesAndUpdates(int serverHeld) => KillableServer.WithAsync(async server =>
    {
        string jobId = await server.CreateJobAsync(new
        {
            name = "fedamd",
            linear = new { features = Features, outputs = Outputs },
            rounds = Rounds,
            algorithm = new { name = "fedamd", parameters = new { probability = 0.5, serverHeld } },
            local = new { epochs = 0, steps = Steps, learningRate = Rate },
            round = new { cohortSize = Bowls.Length - 1, population = Bowls.Length, deadlineSeconds = 600, selectionSeconds = 600 },
        });
        SdkDevice[] devices = [.. Bowls.Select((bowl, number) => new SdkDevice(
            server.Grpc, server.EnrolmentToken, jobId, server.Folder($"device-{number}"), new SgdSolver(new Bowl(Parameters, bowl.H, bowl.C))))];

        await server.RunAsync(devices, [(DeviceEventKind.Counted, 1), (DeviceEventKind.Stored, 4), (DeviceEventKind.Counted, 7)]);
        await server.TerminateAsync();

        await CheckAsync(server, devices.Zip(Bowls).ToDictionary(pair => pair.First.DeviceId, pair => pair.Second));
    });

    private static async Task CheckAsync(KillableServer server, Dictionary<string, (double H, double C)> bowls)
    {
        await using var context = (await TestDatabase.OpenAsync(server.Database, Cancellation)).CreateDbContext();
        var versions = await context.ModelVersions.OrderBy(row => row.Version).ToListAsync(Cancellation);
        var assignments = await context.Assignments.ToListAsync(Cancellation);
        var counted = assignments.Where(row => row.Disposition == AssignmentDisposition.Counted).ToList();
        using var blobs = FileBlobStore.Open(server.ModelFolder);

        Assert.Equal(Rounds + 1, versions.Count);
        Assert.All(counted.Where(row => row.ModelVersion == versions[1].Version), row => Assert.Equal("anchor", row.Role));
        Assert.All(versions.Skip(2), version => Assert.InRange(counted.Count(row => row.ModelVersion == version.Version), 1, Bowls.Length - 1));
        Assert.Contains(counted, row => row.Role == "miner");

        // What a round sent down: the model to everybody, and the mean of the bullseyes to its miners.
        var rounds = await context.Rounds.Where(row => row.Kind == TaskKind.Train && row.State == RoundState.Closed).ToListAsync(Cancellation);
        Assert.All(rounds, round =>
        {
            var tasks = assignments.Where(row => row.Round == round.Round && row.Kind == round.Kind).ToList();
            var means = tasks.Count(row => row.Role == "miner") * Parameters * sizeof(float);
            Assert.Equal((tasks.Count * versions.Single(version => version.Version == round.BaseVersion).ByteLength) + means, round.BytesDown);
        });

        var x = 0.0;
        var bullseyes = new Dictionary<string, double>();
        foreach (var version in versions.Skip(1))
        {
            AssignmentRow[] updates = [.. counted.Where(row => row.ModelVersion == version.Version)];
            var mean = bullseyes.Count == 0 ? 0 : bullseyes.Values.Average();
            foreach (var anchor in updates.Where(row => row.Role == "anchor"))
            {
                bullseyes[anchor.DeviceId] = bowls[anchor.DeviceId].H * (x - bowls[anchor.DeviceId].C);
            }

            var miners = updates.Where(row => row.Role == "miner").Select(row => bowls[row.DeviceId].H).ToList();
            x -= miners.Count == 0 ? 0 : miners.Average(h => (1 - Math.Pow(1 - (Rate * h), Steps)) / h * mean);
            var model = ModelFile.Read(await blobs.ReadAsync(BlobId.Parse(version.BlobId), Cancellation));
            Assert.All(model.Parameters, parameter => Assert.Equal(x, parameter, 1e-5));
        }
    }
}
