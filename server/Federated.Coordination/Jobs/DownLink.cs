using Federated.Coordination.Compression;
using Federated.Coordination.Persistence;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.V1;
using Federated.Storage.Blobs;

namespace Federated.Coordination.Jobs;

/// <summary>
/// The compressed down-link of a job: devices hold a model of their own, which follows the version that is current, and download the steps to it.
/// </summary>
internal sealed class DownLink
{
    private readonly Broadcast _broadcast;
    private BroadcastChain _next;

    private DownLink(Broadcast broadcast, BroadcastChain chain)
    {
        _broadcast = broadcast;
        Holders = new BroadcastHolders(chain);
        _next = chain;
    }

    /// <summary>The down-link as it was left with a version; null when the job sends its models as they are.</summary>
    /// <param name="job">The definition.</param>
    /// <param name="record">The version.</param>
    /// <param name="content">Its content.</param>
    /// <param name="state">The bytes kept with the version; becomes those of the algorithm.</param>
    /// <param name="read">Reads a blob.</param>
    public static async Task<(DownLink? Link, byte[] AlgorithmState)> LoadAsync(
        JobDefinition job, ModelVersionRecord record, ModelContent content, byte[] state, Func<string, Task<byte[]>> read)
    {
        // The version that a job begins with is sent whole, so it is what devices hold.
        BroadcastChain chain = new(record.BlobId, record.ByteLength);
        if (Broadcast.Of(job, content) is not { } broadcast)
        {
            return (null, state);
        }

        if (state.Length > 0)
        {
            chain = BroadcastChain.Load(state, out state);
            broadcast = Broadcast.Of(job, ModelFile.Read(await read(chain.BlobId)))!;
        }

        return (new DownLink(broadcast, chain), state);
    }

    /// <summary>Names the model that devices start from, and the steps to it.</summary>
    /// <param name="reference">The version that is current.</param>
    public ModelReference Complete(ModelReference reference)
    {
        reference.BlobId = Holders.Chain.BlobId;
        reference.ByteLength = (ulong)Holders.Chain.ByteLength;
        reference.Steps.AddRange(Holders.Chain.Links.Select(link => new ModelStep
        {
            BaseBlobId = link.BaseBlobId,
            BlobId = link.BlobId,
            ByteLength = (ulong)link.ByteLength,
        }));
        return reference;
    }

    /// <summary>‖x − w‖ after the last step.</summary>
    public double Owed => _broadcast.Owed;

    /// <summary>Who holds which model.</summary>
    public BroadcastHolders Holders { get; }

    /// <summary>Follows the next version.</summary>
    /// <param name="content">The version.</param>
    /// <param name="version">Its number.</param>
    /// <param name="state">The algorithm's state; becomes what is to be kept with the version.</param>
    /// <returns>The blobs to write: the model that devices hold then, and the step to it.</returns>
    public IReadOnlyList<(BlobId Id, byte[] Bytes)> Follow(ModelContent content, int version, ref byte[]? state)
    {
        byte[] step = _broadcast.Follow(content, (uint)version);
        byte[] file = ModelFile.Write(_broadcast.Held);
        (BlobId held, BlobId stepId) = (BlobId.Of(file), BlobId.Of(step));
        _next = Holders.Chain.Then(held.ToString(), file.Length, stepId.ToString(), step.Length);
        state = _next.Save(state);
        return [(held, file), (stepId, step)];
    }

    /// <summary>The version that was followed has been committed.</summary>
    public void Committed() => Holders.Chain = _next;
}
