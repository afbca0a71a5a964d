using Federated.Protocol.V1;

namespace Federated.Coordination.Algorithms;

/// <summary>What a rule needs beside the updates of a round.</summary>
/// <param name="Seed">Decides what it draws; devices never learn it.</param>
/// <param name="Centres">The last aggregates, for a rule that starts there.</param>
public sealed record RuleStart(ulong Seed, IReadOnlyDictionary<SectionRole, ReadOnlyMemory<float>> Centres);
