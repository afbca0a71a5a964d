namespace Federated.Aggregation.Robust.Catalog;

/// <summary>One stage of a rule in writing: <c>NAME</c> or <c>NAME:setting=value,setting=value</c>.</summary>
internal sealed record RuleText(string Name, IReadOnlyList<KeyValuePair<string, string>> Settings)
{
    /// <summary>Reads the stages.</summary>
    /// <returns>What is wrong; null when nothing is.</returns>
    public static string? Parse(string text, out List<RuleText> stages)
    {
        stages = [];
        foreach (string stage in Stages(text))
        {
            string[] parts = stage.Split(':', 2, StringSplitOptions.TrimEntries);
            var settings = new List<KeyValuePair<string, string>>();
            foreach (string setting in parts.Length == 1 ? [] : parts[1].Split(',', StringSplitOptions.TrimEntries))
            {
                string[] pair = setting.Split('=', 2, StringSplitOptions.TrimEntries);
                if (pair.Length != 2 || pair[0].Length == 0 || pair[1].Length == 0)
                {
                    return $"'{setting}' in the rule '{text}' is no setting; settings are written as in 'centred-clipping:radius=10,iterations=3'.";
                }

                settings.Add(new KeyValuePair<string, string>(pair[0], pair[1]));
            }

            stages.Add(new RuleText(parts[0], settings));
        }

        return null;
    }

    /// <summary>Values of all parameters.</summary>
    /// <returns>What is wrong; null when nothing is.</returns>
    public string? Arguments(RuleDescription description, int byzantine, out RuleArguments arguments)
    {
        var values = description.Parameters.ToDictionary(parameter => parameter.Name, parameter => parameter.Default, StringComparer.Ordinal);
        arguments = new RuleArguments(byzantine, values);
        var said = new HashSet<string>(StringComparer.Ordinal);
        foreach ((string name, string text) in Settings)
        {
            if (description.Parameters.FirstOrDefault(candidate => candidate.Name == name) is not { } parameter)
            {
                string known = description.Parameters.Count == 0 ? "It has none." : $"It has: {string.Join(", ", values.Keys)}.";
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

            values[name] = value;
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
