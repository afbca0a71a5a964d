using System.Collections.Immutable;
using Federated.Aggregator.Rounds;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;

namespace Federated.Aggregator.Functions;

/// <summary>
/// A worker of the aggregation tree. Leaf, middle and top are the same thing: a leaf accumulates updates, a middle merges
/// partial aggregates, the top also reports. Used by one caller at a time.
/// </summary>
internal sealed class AggregationFunction(ImmutableArray<SectionSpec> sections)
{
    private readonly SectionSum[] _sums = [.. sections.Select(section => new SectionSum(section))];
    private double _weight;

    /// <summary>Updates in the partial aggregate.</summary>
    public int Count { get; private set; }

    /// <summary>Adds the payload of one update: its sections one after another.</summary>
    public void Accumulate(ReadOnlySpan<byte> payload, double weight)
    {
        int start = 0;
        for (int i = 0; i < _sums.Length; i++)
        {
            int length = checked((int)SectionSpecs.DenseBytes(sections[i]));
            _sums[i].Add(payload.Slice(start, length), weight);
            start += length;
        }

        _weight += weight;
        Count++;
    }

    /// <summary>Adds another partial aggregate, which must not be used afterwards.</summary>
    public AggregationFunction MergeWith(AggregationFunction other)
    {
        for (int i = 0; i < _sums.Length; i++)
        {
            _sums[i].Add(other._sums[i]);
        }

        _weight += other._weight;
        Count += other.Count;
        return this;
    }

    /// <summary>Whether there is anything to report.</summary>
    public bool CanReport => Count > 0;

    /// <summary>The aggregate of each section; the sums stay, so that a round that is opened again goes on.</summary>
    public IReadOnlyList<SectionAggregate> Report() =>
        CanReport ? [.. _sums.Select(sum => sum.Divide(_weight, Count))] : throw new InvalidOperationException("There is no update to report.");
}
