using Federated.Aggregation.Accumulators;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Aggregator.Tree;

/// <summary>Something for another node, or for the server, that can be read as often as it has to be sent.</summary>
/// <param name="header">What is sent first.</param>
public abstract class TransferHandover(PartialHeader header)
{
    /// <summary>What is sent first.</summary>
    public PartialHeader Header => header;

    /// <summary>The updates that it is about.</summary>
    public abstract IReadOnlyList<UpdateCommitted> Included { get; }

    /// <summary>The bytes from their beginning; null when there are none.</summary>
    public abstract ITransferWriter? BeginWrite();
}
