using Federated.Aggregation.Robust.Hierarchy;
using Federated.Protocol.Rounds;

namespace Federated.Aggregator.Exchange;

/// <summary>What one node tells another. What its blocks refer to stays as it is until the round is over, so it can be sent as often as it has to be.</summary>
/// <param name="Kind">What it is for.</param>
/// <param name="From">The node that tells.</param>
/// <param name="Updates">The updates that it is about; empty unless the receiver has to learn of them.</param>
/// <param name="Blocks">The data.</param>
public sealed record ExchangeMessage(ExchangeKind Kind, string From, IReadOnlyList<UpdateCommitted> Updates, IReadOnlyList<ExchangeBlock> Blocks)
{
    /// <summary>Bytes of the data.</summary>
    public long ByteLength => ExchangeWriter.LengthOf(Blocks);

    public ExchangeWriter BeginWrite() => new(Kind, Blocks);
}
