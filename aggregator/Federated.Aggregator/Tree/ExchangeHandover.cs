using Federated.Aggregation.Accumulators;
using Federated.Aggregator.Exchange;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Aggregator.Tree;

/// <summary>A message of the two passes. What it refers to stays with the round.</summary>
internal sealed class ExchangeHandover(PartialHeader header, ExchangeMessage message) : TransferHandover(header)
{
    public override IReadOnlyList<UpdateCommitted> Included => message.Updates;

    public override ITransferWriter? BeginWrite() => message.BeginWrite();
}
