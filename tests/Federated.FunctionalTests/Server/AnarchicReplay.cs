using Federated.Coordination.Anarchic;
using Federated.Coordination.Persistence;
using Federated.FunctionalTests.Database;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Server.Configuration;
using Federated.Storage.Blobs;
using Microsoft.EntityFrameworkCore;

namespace Federated.FunctionalTests.Server;

/// <summary>Feeds the algorithm alone with the updates that a server has counted, and compares the models.</summary>
internal static class AnarchicReplay
{
    /// <param name="database">The server's database, with one job.</param>
    /// <param name="models">The folder of the model store.</param>
    /// <param name="delta">What a device adds to a parameter of a model in so many steps, by its claim: (device, parameter, steps).</param>
    public static async Task CheckAsync(DatabaseOptions database, string models, Func<string, double, int, double> delta)
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var context = (await TestDatabase.OpenAsync(database, cancellation)).CreateDbContext();
        var job = await context.Jobs.SingleAsync(cancellation);
        var versions = await context.ModelVersions.OrderBy(row => row.Version).ToListAsync(cancellation);
        var assignments = await context.Assignments.Include(row => row.Update).ToListAsync(cancellation);
        var definition = JobDefinition.Parse(System.Text.Encoding.UTF8.GetBytes(job.Definition));
        using var blobs = FileBlobStore.Open(models);

        Assert.Equal((JobStatus.Completed, definition.Rounds), (job.Status, job.CurrentVersion));
        Assert.DoesNotContain(assignments, row => row.Disposition == AssignmentDisposition.Pending);
        Assert.Equal(Enumerable.Range(0, definition.Rounds + 1), versions.Select(row => row.Version));
        ModelContent? model = null;
        IAnarchicAlgorithm? half = null;
        List<float[]> parameters = [];
        foreach (var version in versions)
        {
            var made = ModelFile.Read(await blobs.ReadAsync(BlobId.Parse(version.BlobId), cancellation));
            if (model is null || half is null)
            {
                model = made;
                half = AnarchicAlgorithms.BuiltIn.Create(definition, made.Schema);
            }
            else
            {
                foreach (var row in assignments.Where(row => row.ModelVersion == version.Version))
                {
                    // Every round made a version: the one before it was what its devices started from.
                    var pulled = parameters[row.Round - 1];
                    var verdict = half.Offer(new AnarchicUpdate
                    {
                        Id = row.AssignmentId,
                        ClientIndex = (uint)row.ClientIndex,
                        PulledVersion = row.Round - 1,
                        Steps = row.Update!.LocalSteps,
                        Examples = row.Update.Weight,
                        Delta = pulled.Select(value => (float)delta(row.DeviceId, value, row.Update.LocalSteps)).ToArray(),
                        PulledParameters = pulled,
                    });
                    Assert.Equal(ArrivalVerdict.Buffered, verdict);
                }

                half.Advance(model);
                var behind = string.Join(", ", assignments.Where(row => row.ModelVersion == version.Version)
                    .Select(row => $"{row.AssignmentId} of {row.DeviceId} with {row.Update!.LocalSteps} steps"));
                Assert.True(
                    Math.Abs(made.Parameters[0] - model.Parameters[0]) < 1e-4,
                    $"Version {version.Version} is {made.Parameters[0]}, not {model.Parameters[0]}, with {behind}.");
                Assert.All(made.Parameters, parameter => Assert.Equal(made.Parameters[0], parameter));
            }

            parameters.Add([.. made.Parameters]);
        }
    }
}
