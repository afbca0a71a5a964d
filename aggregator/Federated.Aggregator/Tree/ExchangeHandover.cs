using Federated.Aggregation.Accumulators;
using Federated.Aggregator.Exchange;
using Federated.Protocol.Rounds;
using Federated.Protocol.Tier;
using Federated.Protocol.V1;

namespace Federated.Aggregator.Tree;

/// <summary>A message of the two passes. What it refers to stays with the round.</summary>
public sealed class ExchangeHandover : TransferHandover
{
    private readonly ExchangeMessage _message;

    private ExchangeHandover(PartialHeader header, ExchangeMessage message)
        : base(header) => _message = message;

    /// <inheritdoc/>
    public override IReadOnlyList<UpdateCommitted> Included => _message.Updates;

    /// <summary>A message of one round in one tree.</summary>
    /// <param name="plan">The round.</param>
    /// <param name="tree">The tree.</param>
    /// <param name="id">Names what its sender makes of the round; with the kind it names the message.</param>
    /// <param name="message">The message.</param>
    public static ExchangeHandover Of(RoundPlan plan, TreePlan tree, string id, ExchangeMessage message)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(tree);
        ArgumentNullException.ThrowIfNull(message);
        return new ExchangeHandover(
            new PartialHeader
            {
                Round = PartialNames.RequestOf(plan.Key, plan.WriterEpoch, tree.Revision),
                PlanHash = tree.Hash,
                PartialId = $"{id}/{message.Kind}",
                NodeId = message.From,
                Included = (ulong)message.Updates.Count,
                TotalWeight = message.Updates.Sum(update => update.Weight),
                ByteLength = (ulong)message.ByteLength,
                Exchange = (uint)message.Kind,
            },
            message);
    }

    /// <inheritdoc/>
    public override ITransferWriter? BeginWrite() => _message.BeginWrite();
}
