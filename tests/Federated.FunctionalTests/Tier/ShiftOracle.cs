using Federated.Client.Sessions;
using Federated.FunctionalTests.Database;
using Federated.FunctionalTests.Server;
using Federated.Protocol.Models;
using Federated.Server.Configuration;
using Federated.Server.Database.Rows;
using Federated.Storage.Blobs;
using Microsoft.EntityFrameworkCore;

namespace Federated.FunctionalTests.Tier;

/// <summary>What the versions of a job must be whose devices each shift the model by a number of their own.</summary>
internal sealed class ShiftOracle(TierJob job, IReadOnlyDictionary<SdkDevice, float> shiftOf, DatabaseOptions database, string modelFolder)
{
    /// <summary>
    /// Every version is its parent plus the aggregate of the shifts of exactly the devices that count in it, and no device heard of an
    /// update that it counts which the database does not know.
    /// </summary>
    /// <returns>How many updates each training round counted.</returns>
    public async Task<IReadOnlyList<int>> CheckAsync()
    {
        await using var context = (await TestDatabase.OpenAsync(database, TierWorld.Cancellation)).CreateDbContext();
        List<ModelVersionRow> versions = await context.ModelVersions.OrderBy(row => row.Version).ToListAsync(TierWorld.Cancellation);
        List<AssignmentRow> assignments = await context.Assignments.Include(row => row.Update).ToListAsync(TierWorld.Cancellation);
        Dictionary<string, float> shifts = shiftOf.ToDictionary(pair => pair.Key.DeviceId, pair => pair.Value);
        using var blobs = FileBlobStore.Open(modelFolder);
        double[] expected = new double[(job.Features * job.Outputs) + job.Outputs];
        var counted = new List<int>();
        foreach (ModelVersionRow version in versions.Skip(1))
        {
            AssignmentRow[] included = [.. assignments.Where(row => row.ModelVersion == version.Version)];
            counted.Add(included.Length);
            float[] aggregate = job.Combine(
                [.. included.OrderBy(row => row.AssignmentId, StringComparer.Ordinal).Select(row => job.Apply(new float[expected.Length], shifts[row.DeviceId]))]);
            expected = [.. expected.Zip(aggregate, (before, shift) => before + shift)];
            ModelContent model = ModelFile.Read(await blobs.ReadAsync(BlobId.Parse(version.BlobId), TierWorld.Cancellation));

            Assert.All(model.Parameters, (parameter, k) => Assert.Equal(expected[k], parameter, job.Tolerance));
        }

        foreach (SdkDevice device in shiftOf.Keys)
        {
            var told = device.Events.Where(happened => happened.Kind == DeviceEventKind.Counted).Select(happened => (happened.Round, happened.ModelVersion)).ToList();
            Assert.Equal(told.Count, told.Distinct().Count());
            Assert.Subset(
                assignments.Where(row => row.DeviceId == device.DeviceId && row.ModelVersion is not null).Select(row => (row.Round, row.ModelVersion!.Value)).ToHashSet(),
                told.ToHashSet());
        }

        return counted;
    }

    /// <summary>Updates of a round as the devices made them, in the order of their assignment ids.</summary>
    public async Task<IReadOnlyList<float[]>> UpdatesAsync(int round)
    {
        await using var context = (await TestDatabase.OpenAsync(database, TierWorld.Cancellation)).CreateDbContext();
        List<AssignmentRow> rows = await context.Assignments.Where(row => row.Round == round && row.ModelVersion != null).ToListAsync(TierWorld.Cancellation);
        Dictionary<string, float> shifts = shiftOf.ToDictionary(pair => pair.Key.DeviceId, pair => pair.Value);
        return [.. rows.OrderBy(row => row.AssignmentId, StringComparer.Ordinal).Select(row => job.Apply(new float[(job.Features * job.Outputs) + job.Outputs], shifts[row.DeviceId]))];
    }
}
