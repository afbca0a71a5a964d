using System.Collections.Immutable;
using Federated.Aggregator.Rounds;
using Federated.Protocol.Rounds;

namespace Federated.Aggregator.Functions;

/// <summary>An update on its way into the sums: its claim check and its bytes, which the round releases when they are used up.</summary>
/// <param name="Update">The claim check.</param>
/// <param name="Payload">The bytes.</param>
/// <param name="Sections">Positions of the round's sections that the update carries, ascending.</param>
internal sealed record LeafInput(UpdateCommitted Update, StoredPayload Payload, ImmutableArray<int> Sections);
