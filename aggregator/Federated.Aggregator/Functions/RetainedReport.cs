using Federated.Aggregator.Rounds;
using Federated.Protocol.Rounds;

namespace Federated.Aggregator.Functions;

/// <summary>What a rule made of the retained updates of a round.</summary>
/// <param name="Sections">One for each section of the updates, in its order.</param>
/// <param name="Scores">The rule's judgement of each update, in their order.</param>
public sealed record RetainedReport(IReadOnlyList<SectionAggregate> Sections, IReadOnlyList<UpdateScore> Scores);
