using System.Collections.Immutable;
using Federated.Aggregation.Accumulators;
using Federated.Aggregator.Functions;
using Federated.Coordination.Tier;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Simulation.Engine;

/// <summary>
/// The aggregation tier of a simulated round under a rule that needs every update until the end: keeps copies in the order in which they come. The copies' memory is
/// used again from round to round.
/// </summary>
internal sealed class RetainedCohort(ImmutableArray<UpdateForm> forms, RetainedAggregation rule) : ICohortAggregate
{
    private readonly List<byte[]> _buffers = [];
    private readonly List<RetainedUpdate> _updates = [];
    private readonly List<UpdateCommitted> _included = [];
    private RoundKey? _round;
    private IReadOnlyDictionary<SectionRole, ReadOnlyMemory<float>>? _centres;

    public IReadOnlySet<string> Ids => _included.Select(update => update.AssignmentId).ToHashSet(StringComparer.Ordinal);

    /// <summary>Forgets the last round.</summary>
    /// <param name="round">The round that begins.</param>
    /// <param name="centres">The last aggregates, for a rule that starts there; null for none.</param>
    public void Begin(RoundKey round, IReadOnlyDictionary<SectionRole, ReadOnlyMemory<float>>? centres = null)
    {
        _round = round;
        _centres = centres;
        _updates.Clear();
        _included.Clear();
    }

    public void Add(ReadOnlySpan<byte> payload, UpdateCommitted update)
    {
        int number = _updates.Count;
        if (number == _buffers.Count)
        {
            _buffers.Add([]);
        }

        if (_buffers[number].Length < payload.Length)
        {
            _buffers[number] = GC.AllocateUninitializedArray<byte>(payload.Length);
        }

        payload.CopyTo(_buffers[number]);
        _updates.Add(new RetainedUpdate(_buffers[number].AsMemory(0, payload.Length), update.Weight, forms.First(form => form.Role == update.Role).Sections));
        _included.Add(update);
    }

    public RoundAggregate Report()
    {
        if (_updates.Count == 0)
        {
            return new RoundAggregate([], []);
        }

        // As at a node: not in the order of arrival, for rules that draw.
        int[] order = [.. Enumerable.Range(0, _included.Count).OrderBy(i => _included[i].AssignmentId, StringComparer.Ordinal)];
        RetainedReport report = rule.Report(_round!, [.. order.Select(i => _updates[i])], _centres);
        return new RoundAggregate(
            [.. report.Sections.Select(section => new AggregatedSection(section.Spec, section.Single, section.Wide, section.Divisor))], [.. order.Select(i => _included[i])])
        {
            Scores = report.Scores,
            Kept = [.. rule.HandOver(_updates).Select(section => new KeptSection(_included[section.Update].AssignmentId, section.Role, section.Values))],
        };
    }
}
