using Federated.Coordination.Rounds;
using Federated.Protocol;
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
    /// <summary>Whose updates they are, in the order of <see cref="Included"/>; set by the coordinator, because the tier knows no roles.</summary>
    public IReadOnlyList<IncludedClient> Clients { get; init; } = [];

    /// <summary>The sections that came one by one, where the plan asks for such.</summary>
    public IReadOnlyList<KeptSection> Kept { get; init; } = [];

    /// <summary>A section of one update, as the device sent it.</summary>
    /// <param name="assignmentId">The update.</param>
    /// <param name="role">The section.</param>
    /// <exception cref="InvalidOperationException">The tier was not asked to keep it.</exception>
    public float[] KeptOf(string assignmentId, SectionRole role) =>
        Kept.FirstOrDefault(section => section.AssignmentId == assignmentId && section.Role == role)?.Values
        ?? throw new InvalidOperationException($"The aggregate has no section {role} of update {assignmentId}.");

    /// <summary>Clients that had a task of the round and reported that their error-feedback state is lost.</summary>
    public IReadOnlyList<uint> LostStates { get; init; } = [];

    /// <summary>The same aggregate with the clients behind its updates.</summary>
    /// <param name="assignments">The assignments of the round.</param>
    public RoundAggregate With(IReadOnlyList<Assignment> assignments)
    {
        Dictionary<string, Assignment> byId = assignments.ToDictionary(assignment => assignment.Id, StringComparer.Ordinal);
        return this with
        {
            Clients = [.. Included.Select(update => new IncludedClient(byId[update.AssignmentId].ClientIndex, byId[update.AssignmentId].Role, update))],
            LostStates = [.. assignments.Where(assignment => assignment.FailureKind == ErrorKinds.StateLost).Select(assignment => assignment.ClientIndex)],
        };
    }

    /// <summary>The rule's judgement of each update of <see cref="Included"/>, in its order; empty for the mean.</summary>
    public IReadOnlyList<UpdateScore> Scores { get; init; } = [];

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
