using Federated.Aggregation.Accumulators;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Aggregator.Tree;

/// <summary>The updates that a node keeps, as they were uploaded. They stay with the round.</summary>
internal sealed class KeptHandover(PartialHeader header, IReadOnlyList<(UpdateCommitted Update, RetainedUpdate Payload)> kept) : TransferHandover(header)
{
    public override IReadOnlyList<UpdateCommitted> Included => [.. kept.Select(held => held.Update)];

    public override ITransferWriter? BeginWrite() => new KeptWriter([.. kept.Select(held => held.Payload.Payload)]);
}
