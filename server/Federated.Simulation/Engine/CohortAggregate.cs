using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Federated.Aggregation.Accumulators;
using Federated.Aggregator.Functions;
using Federated.Coordination.Tier;
using Federated.Protocol.Codecs;
using Federated.Protocol.Rounds;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;

namespace Federated.Simulation.Engine;

/// <summary>The aggregation tier of a simulated round under the mean: one accumulator that sums the updates as they come.</summary>
internal sealed class CohortAggregate : ICohortAggregate
{
    private readonly ImmutableArray<SectionSpec> _sections;
    private readonly ImmutableArray<UpdateForm> _forms;
    private readonly ImmutableArray<SectionRole> _kept;
    private readonly UpdateAccumulator _accumulator;
    private readonly List<UpdateCommitted> _included = [];
    private readonly List<KeptSection> _keptSections = [];

    /// <param name="sections">The sections of the round.</param>
    /// <param name="forms">Which of them each role carries.</param>
    /// <param name="kept">Those that the server half needs from each update.</param>
    public CohortAggregate(ImmutableArray<SectionSpec> sections, ImmutableArray<UpdateForm> forms, ImmutableArray<SectionRole> kept)
    {
        _sections = sections;
        _forms = forms;
        _kept = kept;
        _accumulator = new UpdateAccumulator([.. sections.Select(ShapeOf)], degree: 1);
    }

    public IReadOnlySet<string> Ids => _included.Select(update => update.AssignmentId).ToHashSet(StringComparer.Ordinal);

    public void Add(ReadOnlySpan<byte> payload, UpdateCommitted update)
    {
        ImmutableArray<int> carried = _forms.First(form => form.Role == update.Role).Sections;
        _accumulator.Accumulate(payload, update.Weight, carried);
        _included.Add(update);
        if (_kept.Length > 0)
        {
            Keep(payload, update.AssignmentId, carried);
        }
    }

    private void Keep(ReadOnlySpan<byte> payload, string assignmentId, ImmutableArray<int> carried)
    {
        foreach (SectionSpec section in carried.Select(position => _sections[position]))
        {
            int length = section.Codec == SectionCodec.Frame ? Frames.LengthOf(payload) : (int)SectionSpecs.DenseBytes(section);
            if (_kept.Contains(section.Role))
            {
                _keptSections.Add(new KeptSection(assignmentId, section.Role, MemoryMarshal.Cast<byte, float>(payload[..length]).ToArray()));
            }

            payload = payload[length..];
        }
    }

    public RoundAggregate Report()
    {
        if (!_accumulator.CanReport)
        {
            return new RoundAggregate([], []);
        }

        AggregateReport report = _accumulator.Report();
        return new RoundAggregate(
            [.. report.Sections.Select((section, i) => (Section: section, Spec: _sections[i])).Where(pair => pair.Section.Count > 0)
                .Select(pair => new AggregatedSection(
                    pair.Spec,
                    pair.Section.Single,
                    pair.Section.Integer.Length > 0 ? [.. pair.Section.Integer.Select(value => (double)value)] : pair.Section.Double,
                    pair.Section.Divisor))],
            _included)
        {
            Kept = _keptSections,
        };
    }

    private static SectionShape ShapeOf(SectionSpec spec) => new(
        spec.Dtype switch
        {
            SectionDType.F32 => ElementType.Float32,
            SectionDType.F64 => ElementType.Float64,
            SectionDType.I64 => ElementType.Int64,
            _ => throw new InvalidOperationException($"A section of type {spec.Dtype} cannot be summed."),
        },
        checked((int)spec.ElementCount),
        spec.Denominator switch
        {
            SectionDenominator.Weight => Denominator.Weight,
            SectionDenominator.Updates => Denominator.Updates,
            _ => Denominator.None,
        },
        spec.Codec == SectionCodec.Frame ? FrameSections.Decoder : null);
}
