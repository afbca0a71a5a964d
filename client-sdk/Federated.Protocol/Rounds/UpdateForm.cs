using System.Collections.Immutable;

namespace Federated.Protocol.Rounds;

/// <summary>Which of a round's sections the updates of one role of devices carry.</summary>
/// <param name="Role">The role.</param>
/// <param name="Sections">Positions in <see cref="RoundPlan.Sections"/>, ascending, at least one.</param>
public sealed record UpdateForm(string Role, ImmutableArray<int> Sections);
