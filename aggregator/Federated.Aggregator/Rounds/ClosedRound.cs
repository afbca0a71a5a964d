using Federated.Protocol.Rounds;

namespace Federated.Aggregator.Rounds;

/// <summary>The aggregate of a round.</summary>
/// <param name="Sections">One for each section of the plan, in its order; empty when no update is included.</param>
/// <param name="Included">The updates whose values are in the sections: exactly these, each once.</param>
public sealed record ClosedRound(IReadOnlyList<SectionAggregate> Sections, IReadOnlyList<UpdateCommitted> Included);
