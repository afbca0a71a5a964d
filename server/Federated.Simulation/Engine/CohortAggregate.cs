using System.Collections.Immutable;
using Federated.Aggregation.Accumulators;
using Federated.Coordination.Tier;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Simulation.Engine;

/// <summary>The aggregation tier of a simulated round under the mean: one accumulator that sums the updates as they come.</summary>
internal sealed class CohortAggregate : ICohortAggregate
{
    private readonly ImmutableArray<SectionSpec> _sections;
    private readonly ImmutableArray<UpdateForm> _forms;
    private readonly UpdateAccumulator _accumulator;
    private readonly List<UpdateCommitted> _included = [];

    public CohortAggregate(ImmutableArray<SectionSpec> sections, ImmutableArray<UpdateForm> forms)
    {
        _sections = sections;
        _forms = forms;
        _accumulator = new UpdateAccumulator([.. sections.Select(ShapeOf)], degree: 1);
    }

    public IReadOnlySet<string> Ids => _included.Select(update => update.AssignmentId).ToHashSet(StringComparer.Ordinal);

    public void Add(ReadOnlySpan<byte> payload, UpdateCommitted update)
    {
        _accumulator.Accumulate(payload, update.Weight, _forms.First(form => form.Role == update.Role).Sections);
        _included.Add(update);
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
            _included);
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
        });
}
