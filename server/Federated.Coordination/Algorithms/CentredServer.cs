using System.Collections.Immutable;
using Federated.Coordination.Tier;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Coordination.Algorithms;

/// <summary>
/// Keeps the last aggregate of each section, around any algorithm, for a rule that starts there. It is part of the state of a model version, so a coordinator that takes over,
/// and a job that is rolled back, go on from the aggregate that made their version. A round that is abandoned leaves it as it was.
/// </summary>
internal sealed class CentredServer(IServerAlgorithm inner) : IServerAlgorithm
{
    private const string StateName = "centred";
    private const string InnerPart = "inner";

    private readonly SortedDictionary<SectionRole, ReadOnlyMemory<float>> _centres = [];

    /// <summary>The algorithm that it is around.</summary>
    internal IServerAlgorithm Inner => inner;

    public ImmutableArray<string> Roles => inner.Roles;

    public int? Seen => inner.Seen;

    public ImmutableArray<SectionRole> KeptSections => inner.KeptSections;

    public ImmutableArray<SectionRole> OwnSections => inner.OwnSections;

    public IReadOnlyDictionary<SectionRole, ReadOnlyMemory<float>> Centres => _centres;

    public void Follow(ModelContent model) => inner.Follow(model);

    public int CohortSize(RoundKey round) => inner.CohortSize(round);

    public string RoleOf(RoundKey round, uint clientIndex) => inner.RoleOf(round, clientIndex);

    public ImmutableArray<SectionSpec> UpSections(string role) => inner.UpSections(role);

    public ImmutableArray<DownSection> DownSections(string role) => inner.DownSections(role);

    public LocalTraining TrainingFor(RoundKey round, uint clientIndex, string role) => inner.TrainingFor(round, clientIndex, role);

    public RoundAggregate Combine(RoundKey round, RoundAggregate aggregate, RuleStart start) => inner.Combine(round, aggregate, start);

    public void Apply(RoundKey round, RoundAggregate aggregate, ModelContent model)
    {
        foreach (AggregatedSection section in aggregate.Sections.Where(section => section.Single.Length > 0 && section.Spec.Denominator != SectionDenominator.None && HasCentre(section.Spec.Role)))
        {
            _centres[section.Spec.Role] = section.Single.ToArray();
        }

        ModelMask? before = model.Mask;
        inner.Apply(round, aggregate, model);
        if (before is not null && model.Mask is { } next && !ReferenceEquals(before, next))
        {
            Carry(MaskRemap.Between(before, next));
        }
    }

    public byte[]? SaveState()
    {
        var state = new AlgorithmState(StateName);
        foreach ((SectionRole role, ReadOnlyMemory<float> centre) in _centres)
        {
            state.Add(PartOf(role), centre.Span);
        }

        if (inner.SaveState() is { } saved)
        {
            state.Add<byte>(InnerPart, saved);
        }

        return state.IsEmpty ? null : state.ToBytes();
    }

    public void LoadState(ReadOnlySpan<byte> state)
    {
        _centres.Clear();
        if (state.IsEmpty)
        {
            inner.LoadState([]);
            return;
        }

        AlgorithmState parts = AlgorithmState.Parse(state, StateName);
        foreach (SectionRole role in Enum.GetValues<SectionRole>().Where(role => HasCentre(role) && parts.Has(PartOf(role))))
        {
            _centres[role] = parts.Read<float>(PartOf(role));
        }

        inner.LoadState(parts.Has(InnerPart) ? parts.Bytes(InnerPart) : []);
    }

    public void BeginEpoch(int stateEpoch) => inner.BeginEpoch(stateEpoch);

    /// <summary>Packed vectors follow the mask.</summary>
    private void Carry(MaskRemap remap)
    {
        foreach (SectionRole role in (SectionRole[])[SectionRole.Delta, SectionRole.Gradient, SectionRole.Control])
        {
            if (_centres.TryGetValue(role, out ReadOnlyMemory<float> centre) && centre.Length == remap.FromCount)
            {
                _centres[role] = remap.Map(centre.Span);
            }
        }
    }

    /// <summary>Largest gradients are those of other layers, or of other coordinates, from one adjustment to the next: what was sent then says nothing of now.</summary>
    private static bool HasCentre(SectionRole role) => role != SectionRole.TopK;

    private static string PartOf(SectionRole role) => FormattableString.Invariant($"centre {(int)role}");
}
