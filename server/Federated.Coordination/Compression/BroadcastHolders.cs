namespace Federated.Coordination.Compression;

/// <summary>Which model of a compressed down-link each device was given last, and so what it downloads next.</summary>
/// <param name="start">The model that devices hold at the start.</param>
public sealed class BroadcastHolders(BroadcastChain start)
{
    private readonly Dictionary<uint, string> _holders = [];

    /// <summary>The model that devices hold now, with the steps to it.</summary>
    public BroadcastChain Chain { get; set; } = start;

    /// <summary>
    /// Bytes that a device downloads for the model. Reckoned from what it was given before: one that comes back after the server's restart, or has emptied its cache, counts
    /// as if it took the whole model, or the steps.
    /// </summary>
    /// <param name="clientIndex">The device.</param>
    public long BytesFor(uint clientIndex) => Chain.BytesFrom(_holders.GetValueOrDefault(clientIndex));

    /// <summary>A device has done its task, so it holds the current model.</summary>
    /// <param name="clientIndex">The device.</param>
    public void Took(uint clientIndex) => _holders[clientIndex] = Chain.BlobId;
}
