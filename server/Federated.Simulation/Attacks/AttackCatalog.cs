using Federated.Aggregation.Robust.Catalog;

namespace Federated.Simulation.Attacks;

/// <summary>All attacks by name: <c>NAME</c> or <c>NAME:setting=value,setting=value</c>, as in <c>alie:tau=1.5</c>.</summary>
public static class AttackCatalog
{
    private static readonly Dictionary<string, AttackEntry> ByName = AttackEntries.All.ToDictionary(entry => entry.Description.Name, StringComparer.Ordinal);

    /// <summary>The attacks.</summary>
    public static IReadOnlyList<AttackDescription> Attacks { get; } = [.. AttackEntries.All.Select(entry => entry.Description)];

    /// <summary>Makes an attack.</summary>
    /// <param name="text">The attack in writing.</param>
    /// <param name="attack">The attack; null when there is a fault.</param>
    /// <returns>What is wrong, naming the word or the number; null when nothing is.</returns>
    public static string? TryCreate(string text, out Attack? attack)
    {
        ArgumentNullException.ThrowIfNull(text);
        attack = null;
        if (NamedSettings.Parse(text, out IReadOnlyList<NamedSettings> parts) is { } fault)
        {
            return fault;
        }

        if (parts.Count != 1)
        {
            return $"'{text}' names {parts.Count} attacks; one at a time.";
        }

        if (!ByName.TryGetValue(parts[0].Name, out AttackEntry? entry))
        {
            return $"There is no attack '{parts[0].Name}'. There are: {string.Join(", ", ByName.Keys)}.";
        }

        if (parts[0].Resolve(entry.Description.Parameters, out IReadOnlyDictionary<string, double> values) is { } mistake)
        {
            return mistake;
        }

        attack = entry.Make(text, values);
        return null;
    }

    /// <summary>Makes an attack that is known to be right.</summary>
    /// <exception cref="SimulationException">It is not right; the message says why.</exception>
    public static Attack Create(string text) => TryCreate(text, out Attack? attack) is { } fault ? throw new SimulationException(fault) : attack!;
}
