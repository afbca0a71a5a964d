namespace Federated.Aggregation.Robust.Catalog;

/// <summary>A rule of the catalogue.</summary>
/// <param name="Description">What is said about it.</param>
/// <param name="Make">Makes its working part.</param>
/// <param name="Fault">What is wrong with a number of vectors that it sees; null when nothing is.</param>
internal sealed record RuleEntry(RuleDescription Description, Func<RuleArguments, RuleBody> Make, Func<RuleArguments, int, string?> Fault);
