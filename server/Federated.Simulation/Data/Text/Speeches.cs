namespace Federated.Simulation.Data.Text;

/// <summary>
/// Finds the speakers of a play: paragraphs, divided by empty lines, whose first line is a name and a colon. Everything that a speaker says, in order, is one text.
/// </summary>
internal static class Speeches
{
    private const int LongestName = 60;

    /// <summary>The texts by speaker in order of first appearance; null when hardly any paragraph names one.</summary>
    public static IReadOnlyList<(string Speaker, string Text)>? Find(string text)
    {
        Dictionary<string, System.Text.StringBuilder> speakers = new(StringComparer.Ordinal);
        List<string> order = [];
        int paragraphs = 0, named = 0;
        string? speaker = null;
        foreach (string paragraph in text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries))
        {
            ReadOnlySpan<char> lines = paragraph.AsSpan().Trim('\n');
            if (lines.IsEmpty)
            {
                continue;
            }

            paragraphs++;
            int firstEnd = lines.IndexOf('\n');
            ReadOnlySpan<char> first = (firstEnd < 0 ? lines : lines[..firstEnd]).TrimEnd();
            ReadOnlySpan<char> said = lines;
            if (first.Length is > 1 and <= LongestName && first[^1] == ':')
            {
                named++;
                speaker = first[..^1].ToString();
                said = firstEnd < 0 ? default : lines[(firstEnd + 1)..];
            }

            // A paragraph without a name goes on with the last speaker.
            if (speaker is not null && !said.IsEmpty)
            {
                if (!speakers.TryGetValue(speaker, out System.Text.StringBuilder? builder))
                {
                    speakers[speaker] = builder = new System.Text.StringBuilder();
                    order.Add(speaker);
                }

                builder.Append(said).Append('\n');
            }
        }

        return named * 2 > paragraphs && order.Count > 1 ? [.. order.Select(name => (name, speakers[name].ToString()))] : null;
    }
}
