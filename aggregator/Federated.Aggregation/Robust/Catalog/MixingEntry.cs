using Federated.Aggregation.Robust.Mixing;
using Federated.Numerics;

namespace Federated.Aggregation.Robust.Catalog;

/// <summary>A pre-aggregation of the catalogue.</summary>
/// <param name="Description">What is said about it.</param>
/// <param name="Make">Makes it for a round.</param>
/// <param name="Count">How many vectors it makes of a number of updates.</param>
/// <param name="Fault">What is wrong with a number of updates; null when nothing is.</param>
internal sealed record MixingEntry(
    RuleDescription Description,
    Func<RuleArguments, CounterRandom, IMixing> Make,
    Func<RuleArguments, int, int> Count,
    Func<RuleArguments, int, string?> Fault);
