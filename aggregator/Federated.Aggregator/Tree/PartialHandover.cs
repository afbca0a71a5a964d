using Federated.Aggregation.Accumulators;
using Federated.Aggregator.Functions;
using Federated.Aggregator.Rounds;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Aggregator.Tree;

/// <summary>A partial. The sums stay with the round.</summary>
internal sealed class PartialHandover(PartialHeader header, NodePartial partial) : TransferHandover(header)
{
    /// <summary>The updates in the sums.</summary>
    public override IReadOnlyList<UpdateCommitted> Included => partial.Included;

    public override ITransferWriter? BeginWrite() => partial.Function?.BeginWrite();

    public ClosedRound Report(NodeFunctions functions) => partial.Report(functions);
}
