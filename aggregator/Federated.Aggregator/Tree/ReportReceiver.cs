using System.Buffers;
using Federated.Aggregation.Robust.Hierarchy;
using Federated.Aggregator.Exchange;
using Federated.Aggregator.Rounds;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Aggregator.Tree;

/// <summary>Takes the aggregate of a round under a rule other than the mean from its top, with the scores of its updates.</summary>
public sealed class ReportReceiver(RoundPlan plan) : IAggregateReceiver
{
    private readonly ExchangeReader _reader = ReportBlocks.Reader(plan);
    private readonly List<UpdateCommitted> _updates = [];

    /// <inheritdoc/>
    public void Append(UpdateClaims claims) => _updates.AddRange(PartialNames.UpdatesOf(plan.Key, claims));

    /// <inheritdoc/>
    public void Append(in ReadOnlySequence<byte> data)
    {
        foreach (ReadOnlyMemory<byte> segment in data)
        {
            _reader.Append(segment.Span);
        }
    }

    /// <inheritdoc/>
    public ClosedRound Complete(PartialHeader header)
    {
        ArgumentNullException.ThrowIfNull(header);
        return _reader.IsComplete && (ulong)_updates.Count == header.Included
            ? ReportBlocks.Read(plan, _updates, _reader.Blocks)
            : throw new InvalidDataException($"The aggregate of round {plan.Key} announces {header.Included} updates and {header.ByteLength} bytes; {_updates.Count} are claimed.");
    }
}
