using System.Buffers;
using System.Collections.Immutable;
using Federated.Aggregation.Accumulators;
using Federated.Aggregator.Functions;
using Federated.Aggregator.Rounds;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Aggregator.Tree;

/// <summary>Takes the sums of a round from its top, and divides.</summary>
public sealed class PartialReceiver : IAggregateReceiver
{
    private readonly RoundKey _key;
    private readonly AggregationFunction _function;
    private readonly PartialReader _reader;
    private readonly List<UpdateCommitted> _updates = [];

    public PartialReceiver(RoundKey key, ImmutableArray<SectionSpec> sections)
    {
        _key = key;
        _function = new AggregationFunction("fetched", sections);
        _reader = _function.BeginRead();
    }

    /// <inheritdoc/>
    public void Append(UpdateClaims claims) => _updates.AddRange(PartialNames.UpdatesOf(_key, claims));

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
        if ((ulong)_updates.Count != header.Included || (header.Included > 0 && !_reader.IsComplete) || _function.Count != _updates.Count)
        {
            throw new InvalidDataException(
                $"The aggregate of round {_key} announces {header.Included} updates; {_updates.Count} are claimed, {_function.Count} are in the sums.");
        }

        return new ClosedRound(_updates.Count == 0 ? [] : _function.Report(), _updates);
    }
}
