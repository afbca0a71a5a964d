using Federated.Protocol.Rounds;

namespace Federated.Aggregator.Rounds;

/// <summary>The aggregate of a round; its values are there until the round is forgotten or abandoned.</summary>
/// <param name="Sections">One for each section that an included update carries, in the order of the plan; empty when no update is included.</param>
/// <param name="Included">The updates whose values are in the sections: exactly these, each once.</param>
public sealed record ClosedRound(IReadOnlyList<SectionAggregate> Sections, IReadOnlyList<UpdateCommitted> Included)
{
    /// <summary>The rule's judgement of each update of <see cref="Included"/>, in its order; empty under the mean.</summary>
    public IReadOnlyList<UpdateScore> Scores { get; init; } = [];

    /// <summary>The updates themselves, in the order of <see cref="Included"/>, where the plan keeps them; there are no sums then.</summary>
    public IReadOnlyList<KeptValues> Kept { get; init; } = [];
}
