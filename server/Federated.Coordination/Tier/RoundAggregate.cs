using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Coordination.Tier;

/// <summary>The outcome of a round at the top of the tree.</summary>
/// <param name="Sections">
/// One aggregate for each section that at least one update carried, in the order of the plan. Empty when
/// <see cref="Included"/> is empty.
/// </param>
/// <param name="Included">The updates whose values are in <see cref="Sections"/>: exactly these, each once.</param>
public sealed record RoundAggregate(IReadOnlyList<AggregatedSection> Sections, IReadOnlyList<UpdateCommitted> Included)
{
    /// <summary>The aggregate of a role, or null when no update carried it.</summary>
    /// <param name="role">The role looked for.</param>
    public AggregatedSection? Find(SectionRole role)
    {
        foreach (AggregatedSection section in Sections)
        {
            if (section.Spec.Role == role)
            {
                return section;
            }
        }

        return null;
    }
}
