using System.Collections.Immutable;
using Federated.Aggregation.Accumulators;
using Federated.Aggregator.Rounds;
using Federated.Protocol.V1;

namespace Federated.Aggregator.Functions;

/// <summary>
/// A worker of the aggregation tree over the sections of a round. Leaf, middle and top are the same thing: an accumulator that
/// takes updates, or partial aggregates, and reports. Used by one caller at a time.
/// </summary>
internal sealed class AggregationFunction(ImmutableArray<SectionSpec> sections)
{
    private readonly UpdateAccumulator _accumulator = new([.. sections.Select(ShapeOf)]);

    public bool CanReport => _accumulator.CanReport;

    /// <summary>Adds updates in one pass over the sums.</summary>
    public void Accumulate(ReadOnlySpan<RetainedUpdate> updates) => _accumulator.Accumulate(updates);

    /// <summary>The aggregate of each section that was carried; the sums stay, so that a round that is opened again goes on.</summary>
    public IReadOnlyList<SectionAggregate> Report()
    {
        AggregateReport report = _accumulator.Preview();
        return [.. report.Sections.Select((section, i) => (Section: section, Spec: sections[i])).Where(pair => pair.Section.Count > 0)
            .Select(pair => new SectionAggregate(
                pair.Spec,
                pair.Section.Single,
                pair.Section.Integer.Length == 0 ? pair.Section.Double : [.. pair.Section.Integer.Select(value => (double)value)],
                pair.Section.Divisor))];
    }

    /// <summary>Whether the mathematics has sums for a section of this form.</summary>
    public static bool CanSum(SectionSpec section) =>
        section.Codec == SectionCodec.Dense && section.Dtype is SectionDType.F32 or SectionDType.F64 or SectionDType.I64
        && section.Denominator is SectionDenominator.Weight or SectionDenominator.Updates or SectionDenominator.None
        && section.ElementCount <= int.MaxValue;

    private static SectionShape ShapeOf(SectionSpec section) => new(
        section.Dtype switch
        {
            SectionDType.F32 => ElementType.Float32,
            SectionDType.F64 => ElementType.Float64,
            SectionDType.I64 => ElementType.Int64,
            _ => throw new ArgumentOutOfRangeException(nameof(section), section.Dtype, "Sections of this type cannot be summed."),
        },
        checked((int)section.ElementCount),
        section.Denominator switch
        {
            SectionDenominator.Weight => Denominator.Weight,
            SectionDenominator.Updates => Denominator.Updates,
            SectionDenominator.None => Denominator.None,
            _ => throw new ArgumentOutOfRangeException(nameof(section), section.Denominator, "The section has no known denominator."),
        });
}
