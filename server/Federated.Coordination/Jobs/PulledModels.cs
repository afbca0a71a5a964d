using Federated.Coordination.Persistence;
using Federated.Protocol.Models;
using Federated.Storage.Blobs;

namespace Federated.Coordination.Jobs;

/// <summary>
/// What the devices of earlier rounds started from, for algorithms that need its parameters or its mask: the latest few in memory, others from the model store.
/// </summary>
internal sealed class PulledModels(CoordinatorServices services, JobKey job)
{
    private const int Kept = 8;

    private readonly Dictionary<int, ModelContent> _byRound = [];

    /// <summary>What the devices of a round started from: the latest version that is older than the round.</summary>
    public async Task<ModelContent> OfAsync(int round, CancellationToken stop)
    {
        if (_byRound.TryGetValue(round, out ModelContent? known))
        {
            return known;
        }

        for (int version = round - 1; version >= 0; version--)
        {
            if (await services.Store.FindVersionAsync(job, version, stop) is { } record)
            {
                byte[] file = await services.Blobs.ReadAsync(BlobId.Parse(record.BlobId), stop)
                    ?? throw new InvalidDataException($"Blob {record.BlobId} of version {version} is missing from the model store.");
                return Keep(round, ModelFile.Read(file));
            }
        }

        throw new InvalidDataException($"Job {job} has no version before round {round}.");
    }

    private ModelContent Keep(int round, ModelContent model)
    {
        if (_byRound.Count >= Kept)
        {
            _byRound.Remove(_byRound.Keys.Min());
        }

        return _byRound[round] = model;
    }
}
