using System.Collections.Immutable;
using Federated.Aggregation.Accumulators;
using Federated.Aggregator.Rounds;
using Federated.Protocol.Tier;
using Federated.Protocol.V1;

namespace Federated.Aggregator.Functions;

/// <summary>
/// A function of the aggregation tree over the sections of a round. Leaf, middle and top are the same thing, an accumulator that takes
/// updates or partial aggregates and reports; the role says what it does now. Used by one worker at a time.
/// </summary>
public sealed class AggregationFunction(string key, ImmutableArray<SectionSpec> sections)
{
    private readonly UpdateAccumulator _accumulator = new([.. sections.Select(ShapeOf)]);

    private AggregateReport? _reported;

    /// <summary>Names the function, and with it its partial, inside the node.</summary>
    public string Key { get; private set; } = key;

    public ImmutableArray<SectionSpec> Sections { get; private set; } = sections;

    /// <summary>What it does, or did last.</summary>
    public TreeRole Role { get; set; } = TreeRole.Leaf;

    /// <summary>Updates that it summed itself.</summary>
    public int Summed { get; private set; }

    /// <summary>Partials that were merged into it.</summary>
    public int Merged { get; private set; }

    public bool CanReport => _accumulator.CanReport;

    /// <summary>Updates in its sums.</summary>
    public long Count => _accumulator.Count;

    public double TotalWeight => _accumulator.TotalWeight;

    /// <summary>Bytes of its partial when it travels; what its sums take in memory is about the same.</summary>
    public long PartialBytes => _accumulator.PartialBytes;

    /// <summary>Cores that one call may use.</summary>
    public int Degree
    {
        set => _accumulator.Degree = value;
    }

    /// <summary>Adds one update.</summary>
    /// <param name="payload">Its sections one after another.</param>
    /// <param name="weight">Its weight, finite and at least 0.</param>
    /// <param name="carried">Positions of the sections that it carries, ascending.</param>
    public void Accumulate(ReadOnlySpan<byte> payload, double weight, ImmutableArray<int> carried)
    {
        _accumulator.Accumulate(payload, weight, carried);
        Summed++;
    }

    /// <summary>Begins to add updates in one pass over the sums, on which several workers may be.</summary>
    public UpdatePass BeginPass(ReadOnlySpan<RetainedUpdate> updates)
    {
        UpdatePass pass = _accumulator.BeginPass(updates);
        Summed += updates.Length;
        return pass;
    }

    /// <summary>Adds a partial, which is used up.</summary>
    public void MergeWith(AggregationFunction other)
    {
        ArgumentNullException.ThrowIfNull(other);
        _accumulator.MergeWith(other._accumulator);
        Merged++;
    }

    /// <summary>Adds a partial, which stays as it is.</summary>
    public void Add(AggregationFunction other)
    {
        ArgumentNullException.ThrowIfNull(other);
        _accumulator.Add(other._accumulator);
        Merged++;
    }

    /// <summary>The aggregate of each section that was carried; the sums stay, so that a round that is opened again goes on.</summary>
    public IReadOnlyList<SectionAggregate> Report()
    {
        AggregateReport report = _reported = _accumulator.Preview();
        return [.. report.Sections.Select((section, i) => (Section: section, Spec: Sections[i])).Where(pair => pair.Section.Count > 0)
            .Select(pair => new SectionAggregate(
                pair.Spec,
                pair.Section.Single,
                pair.Section.Integer.Length == 0 ? pair.Section.Double : [.. pair.Section.Integer.Select(value => (double)value)],
                pair.Section.Divisor))];
    }

    /// <summary>Nobody reads the last report any more: the next one is written into its memory.</summary>
    public void TakeReportBack()
    {
        if (_reported is { } report)
        {
            _reported = null;
            _accumulator.TakeBack(report);
        }
    }

    public PartialWriter BeginWrite() => _accumulator.BeginWrite();

    public PartialReader BeginRead() => _accumulator.BeginRead();

    /// <summary>Empties the sums: the function may begin anew under another key.</summary>
    public void Clear()
    {
        _accumulator.Clear();
        Role = TreeRole.Leaf;
        Summed = 0;
        Merged = 0;
    }

    /// <summary>Whether a cleared function can serve these sections.</summary>
    public bool Fits(ImmutableArray<SectionSpec> wanted) => _accumulator.Sections.AsSpan().SequenceEqual([.. wanted.Select(ShapeOf)]);

    /// <summary>Gives a cleared function its next use.</summary>
    public void Begin(string newKey, ImmutableArray<SectionSpec> wanted)
    {
        Key = newKey;
        Sections = wanted;
    }

    /// <summary>Whether the mathematics has sums for a section of this form.</summary>
    internal static bool CanSum(SectionSpec section) =>
        section is { Codec: SectionCodec.Dense, Dtype: SectionDType.F32 or SectionDType.F64 or SectionDType.I64 } or { Codec: SectionCodec.Frame, Dtype: SectionDType.F32 }
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
        },
        section.Codec == SectionCodec.Frame ? FrameSections.Decoder : null);
}
