using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Federated.Coordination.Tier;
using Federated.Protocol.Codecs;
using Federated.Protocol.Rounds;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;

namespace Federated.Simulation.Engine;

/// <summary>The aggregation tier of a simulated round under the mean: its nodes sum the updates as they come.</summary>
internal sealed class CohortAggregate : ICohortAggregate
{
    private readonly ImmutableArray<SectionSpec> _sections;
    private readonly ImmutableArray<UpdateForm> _forms;
    private readonly ImmutableArray<SectionRole> _kept;
    private readonly SimulatedTier _tier;
    private readonly List<UpdateCommitted> _included = [];
    private readonly List<KeptSection> _keptSections = [];

    /// <param name="sections">The sections of the round.</param>
    /// <param name="forms">Which of them each role carries.</param>
    /// <param name="kept">Those that the server half needs from each update.</param>
    /// <param name="tier">The nodes, where the round has begun; null for one node of its own.</param>
    public CohortAggregate(ImmutableArray<SectionSpec> sections, ImmutableArray<UpdateForm> forms, ImmutableArray<SectionRole> kept, SimulatedTier? tier = null)
    {
        _sections = sections;
        _forms = forms;
        _kept = kept;
        _tier = tier ?? SimulatedTier.OfOneNode(sections);
    }

    public IReadOnlySet<string> Ids => _included.Select(update => update.AssignmentId).ToHashSet(StringComparer.Ordinal);

    public void Add(ReadOnlySpan<byte> payload, UpdateCommitted update)
    {
        ImmutableArray<int> carried = _forms.First(form => form.Role == update.Role).Sections;
        _included.Add(update with { NodeId = _tier.Add(payload, update.Weight, carried) });
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

    public RoundAggregate Report() => _tier.Report() is { } sections
        ? new RoundAggregate(
            [.. sections.Select(section => new AggregatedSection(section.Spec, section.Single, section.Wide, section.Divisor))], _included)
        {
            Kept = _keptSections,
        }
        : new RoundAggregate([], []);
}
