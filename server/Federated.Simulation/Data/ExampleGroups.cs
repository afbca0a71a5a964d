namespace Federated.Simulation.Data;

/// <summary>A natural division of the examples: hospitals, speakers, the values of a column.</summary>
/// <param name="Kind"><c>site</c>, <c>speaker</c> or <c>column:NAME</c>, as a partition names it.</param>
/// <param name="Names">The groups, in the order of their numbers.</param>
/// <param name="Codes">The group of every example.</param>
public sealed record ExampleGroups(string Kind, IReadOnlyList<string> Names, int[] Codes);
