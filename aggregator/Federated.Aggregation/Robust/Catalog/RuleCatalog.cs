namespace Federated.Aggregation.Robust.Catalog;

/// <summary>
/// All rules and pre-aggregations by name. A rule is written as pre-aggregations and a rule joined by <c>+</c>, each with its settings behind a
/// colon: <c>nnm+trimmed-mean</c>, <c>bucketing:size=3+centred-clipping:radius=10,iterations=3</c>.
/// </summary>
public static class RuleCatalog
{
    private static readonly Dictionary<string, RuleEntry> RulesByName = RuleEntries.All.ToDictionary(entry => entry.Description.Name, StringComparer.Ordinal);
    private static readonly Dictionary<string, MixingEntry> MixingsByName = MixingEntries.All.ToDictionary(entry => entry.Description.Name, StringComparer.Ordinal);

    /// <summary>The rules.</summary>
    public static IReadOnlyList<RuleDescription> Rules { get; } = [.. RuleEntries.All.Select(entry => entry.Description)];

    /// <summary>The pre-aggregations.</summary>
    public static IReadOnlyList<RuleDescription> Mixings { get; } = [.. MixingEntries.All.Select(entry => entry.Description)];

    /// <summary>Makes a rule.</summary>
    /// <param name="text">The rule in writing.</param>
    /// <param name="byzantine">f, the number of updates that may be arbitrary; at least 0.</param>
    /// <param name="rule">The rule; null when there is a fault.</param>
    /// <returns>What is wrong, naming the word or the number; null when nothing is.</returns>
    public static string? TryCreate(string text, int byzantine, out RobustRule? rule)
    {
        ArgumentNullException.ThrowIfNull(text);
        rule = null;
        if (byzantine < 0)
        {
            return $"f is {byzantine}; the number of Byzantine updates is at least 0.";
        }

        if (NamedSettings.Parse(text, out IReadOnlyList<NamedSettings> stages) is { } fault)
        {
            return fault;
        }

        var mixings = new List<(MixingEntry, RuleArguments)>();
        foreach (NamedSettings stage in stages.SkipLast(1))
        {
            if (!MixingsByName.TryGetValue(stage.Name, out MixingEntry? mixing))
            {
                return $"There is no pre-aggregation '{stage.Name}' for '{text}'. There are: {string.Join(", ", MixingsByName.Keys)}.";
            }

            if (stage.Resolve(mixing.Description.Parameters, out IReadOnlyDictionary<string, double> values) is { } wrong)
            {
                return wrong;
            }

            mixings.Add((mixing, new RuleArguments(byzantine, values)));
        }

        NamedSettings last = stages[^1];
        if (!RulesByName.TryGetValue(last.Name, out RuleEntry? entry))
        {
            return MixingsByName.ContainsKey(last.Name)
                ? $"'{last.Name}' is a pre-aggregation: a rule must follow, as in '{text}+mean'."
                : $"There is no rule '{last.Name}'. There are: {string.Join(", ", RulesByName.Keys)}; pre-aggregations before them, joined by '+': {string.Join(", ", MixingsByName.Keys)}.";
        }

        if (last.Resolve(entry.Description.Parameters, out IReadOnlyDictionary<string, double> settings) is { } mistake)
        {
            return mistake;
        }

        if (last.Name == "monna" && stages.Any(stage => stage.Name == "bucketing"))
        {
            return "Rule 'monna' trusts one update; behind 'bucketing' that update is part of a mean.";
        }

        rule = new RobustRule(text, [.. mixings], entry, new RuleArguments(byzantine, settings));
        return null;
    }

    /// <summary>Makes a rule that is known to be right.</summary>
    /// <param name="text">The rule in writing.</param>
    /// <param name="byzantine">f, at least 0.</param>
    /// <exception cref="ArgumentException">It is not right; the message says why.</exception>
    public static RobustRule Create(string text, int byzantine) =>
        TryCreate(text, byzantine, out RobustRule? rule) is { } fault ? throw new ArgumentException(fault, nameof(text)) : rule!;
}
