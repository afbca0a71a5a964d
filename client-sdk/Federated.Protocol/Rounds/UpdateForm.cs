using System.Collections.Immutable;

namespace Federated.Protocol.Rounds;

/// <summary>Which of a round's sections the updates of one role of devices carry.</summary>
/// <param name="Role">The role.</param>
/// <param name="Sections">Positions in <see cref="RoundPlan.Sections"/>, ascending, at least one.</param>
/// <param name="SchemaHash">SHA-256 of the schema that these updates are made for, lower-case hexadecimal, where it is not the round's: that of a model under an earlier mask.</param>
public sealed record UpdateForm(string Role, ImmutableArray<int> Sections, string? SchemaHash = null);
