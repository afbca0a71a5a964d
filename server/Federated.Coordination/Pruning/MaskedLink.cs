using Federated.Coordination.Compression;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;

namespace Federated.Coordination.Pruning;

/// <summary>
/// The down-link of a sparse model: a device that holds the version before downloads the step from there, without the mask that it knows. It starts anew with a restart of the server.
/// </summary>
/// <param name="blobId">The file of the version that is current.</param>
/// <param name="byteLength">Its bytes.</param>
/// <param name="mask">Its mask.</param>
public sealed class MaskedLink(string blobId, long byteLength, ModelMask mask)
{
    private ModelMask _mask = mask;
    private (ModelMask Mask, BroadcastChain Chain)? _next;

    /// <summary>Who holds which version.</summary>
    public BroadcastHolders Holders { get; } = new(new BroadcastChain(blobId, byteLength));

    /// <summary>Makes the step to the next version.</summary>
    /// <param name="next">The version, under a mask.</param>
    public byte[] StepTo(ModelContent next) => MaskedStep.Write(_mask, next);

    /// <summary>Remembers what follows, until it is committed.</summary>
    /// <param name="next">The version.</param>
    /// <param name="blobId">Its file.</param>
    /// <param name="byteLength">Bytes of that.</param>
    /// <param name="stepId">The step's blob.</param>
    /// <param name="stepBytes">Bytes of that.</param>
    public void Prepare(ModelContent next, string blobId, long byteLength, string stepId, long stepBytes) =>
        _next = (next.Mask!, Holders.Chain.Then(blobId, byteLength, stepId, stepBytes));

    /// <summary>The version has been committed.</summary>
    public void Committed()
    {
        if (_next is { } next)
        {
            (_mask, Holders.Chain, _next) = (next.Mask, next.Chain, null);
        }
    }
}
