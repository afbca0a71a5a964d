namespace Federated.Aggregation.Robust.Catalog;

/// <summary>A thing of a catalogue in writing: <c>NAME</c> or <c>NAME:setting=value,setting=value</c>.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Settings">The settings that are given.</param>
public sealed record NamedSettings(string Name, IReadOnlyList<KeyValuePair<string, string>> Settings)
{
    /// <summary>Reads one or more of them, joined by <c>+</c>.</summary>
    /// <param name="text">The writing.</param>
    /// <param name="stages">They, first to last; at least one when nothing is wrong.</param>
    /// <returns>What is wrong; null when nothing is.</returns>
    public static string? Parse(string text, out IReadOnlyList<NamedSettings> stages)
    {
        ArgumentNullException.ThrowIfNull(text);
        var read = new List<NamedSettings>();
        stages = read;
        foreach (string stage in Stages(text))
        {
            string[] parts = stage.Split(':', 2, StringSplitOptions.TrimEntries);
            var settings = new List<KeyValuePair<string, string>>();
            foreach (string setting in parts.Length == 1 ? [] : parts[1].Split(',', StringSplitOptions.TrimEntries))
            {
                string[] pair = setting.Split('=', 2, StringSplitOptions.TrimEntries);
                if (pair.Length != 2 || pair[0].Length == 0 || pair[1].Length == 0)
                {
                    return $"'{setting}' in '{text}' is no setting; settings are written as in 'name:first=10,second=3'.";
                }

                settings.Add(new KeyValuePair<string, string>(pair[0], pair[1]));
            }

            read.Add(new NamedSettings(parts[0], settings));
        }

        return null;
    }

    /// <summary>Values of all parameters: those that are given, and the defaults of the others.</summary>
    /// <param name="parameters">The parameters that it may have.</param>
    /// <param name="values">Their values by name.</param>
    /// <returns>What is wrong; null when nothing is.</returns>
    public string? Resolve(IReadOnlyList<RuleParameter> parameters, out IReadOnlyDictionary<string, double> values)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        var resolved = parameters.ToDictionary(parameter => parameter.Name, parameter => parameter.Default, StringComparer.Ordinal);
        values = resolved;
        var said = new HashSet<string>(StringComparer.Ordinal);
        foreach ((string name, string text) in Settings)
        {
            if (parameters.FirstOrDefault(candidate => candidate.Name == name) is not { } parameter)
            {
                string known = parameters.Count == 0 ? "It has none." : $"It has: {string.Join(", ", resolved.Keys)}.";
                return $"'{Name}' has no setting '{name}'. {known}";
            }

            if (!said.Add(name))
            {
                return $"'{Name}': the setting {name} is given twice.";
            }

            if (!parameter.TryRead(text, out double value))
            {
                return $"'{Name}': {name} is {text}; it must be {parameter.Range}.";
            }

            resolved[name] = value;
        }

        return null;
    }

    // A plus sign before a digit belongs to a number such as 1e+5.
    private static IEnumerable<string> Stages(string text)
    {
        int start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '+' && !(i + 1 < text.Length && char.IsAsciiDigit(text[i + 1])))
            {
                yield return text[start..i].Trim();
                start = i + 1;
            }
        }

        yield return text[start..].Trim();
    }
}
