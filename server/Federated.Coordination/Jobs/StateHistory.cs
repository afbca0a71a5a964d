using Federated.Coordination.Persistence;
using Federated.Storage.Blobs;

namespace Federated.Coordination.Jobs;

/// <summary>
/// Forgets the states of earlier versions that are more than their algorithm may keep. Each of them names updates of this job, so that no other job and no other version has the same blob;
/// only a roll-back shares one.
/// </summary>
internal sealed class StateHistory(CoordinatedJob job)
{
    private const int LeastKept = 2, MostKept = 100, LookedBack = 1000;

    private readonly HashSet<string> _forgotten = new(StringComparer.Ordinal);

    /// <summary>A version was committed: the newest states stay, as many as the budget holds.</summary>
    public async Task TrimAsync(CancellationToken stop)
    {
        if (job.Model is not { Anarchic.StateBudget: < long.MaxValue and long budget, StateBytes: > 0 and long bytes })
        {
            return;
        }

        int kept = (int)Math.Clamp(budget / bytes, LeastKept, MostKept);
        IReadOnlyList<string> states = await job.Services.Store.ReadStatesAsync(job.Key, LookedBack, stop);
        foreach (string state in states.Skip(kept).Except(states.Take(kept), StringComparer.Ordinal).Where(state => !_forgotten.Contains(state)))
        {
            await job.Services.Blobs.DeleteAsync(BlobId.Parse(state), stop);
            _forgotten.Add(state);
        }
    }

    /// <summary>A version that shall be current again: its algorithm begins anew where its state is forgotten.</summary>
    public async Task<ModelVersionRecord> ReviveAsync(ModelVersionRecord version, CancellationToken stop)
    {
        bool isThere = version.StateBlobId is not { } state || await job.Services.Blobs.ExistsAsync(BlobId.Parse(state), stop);
        return isThere ? version : version with { StateBlobId = null };
    }
}
