using Federated.Simulation.Models;

namespace Federated.Simulation.Data.Text;

/// <summary>
/// Reads text for prediction of the next character. An example is a window of characters and, for each, the character after it; windows do not
/// overlap and do not cross from one speaker to another.
/// </summary>
internal static class TextDataReader
{
    private const int MaxSymbols = 4096;

    public static LoadedData Read(DatasetRequest request)
    {
        int length = request.SequenceLength;
        string text = TextFile.Read(request.Source);
        string testText = request.TestSource is { } test ? TextFile.Read(test) : "";
        IReadOnlyList<(string Speaker, string Text)>? speeches = Speeches.Find(text);
        char[] symbols = [.. text.Concat(testText).Distinct().Order()];
        if (symbols.Length > MaxSymbols)
        {
            throw new SimulationException($"{request.Source}: {symbols.Length} distinct characters; at most {MaxSymbols} are supported.");
        }

        var windows = new TextWindows(length, symbols);
        List<int> groups = [];
        List<string> names = [];
        int silent = 0;
        foreach ((string speaker, string said) in speeches ?? [("", text)])
        {
            int added = windows.Add(said);
            if (added == 0)
            {
                silent++;
                continue;
            }

            groups.AddRange(Enumerable.Repeat(names.Count, added));
            names.Add(speaker);
        }

        int trainCount = windows.Count;
        if (trainCount == 0)
        {
            throw new SimulationException($"{request.Source}: {text.Length} characters hold no window of {length} characters and the one after.");
        }

        foreach ((string _, string said) in Speeches.Find(testText) ?? [("", testText)])
        {
            windows.Add(said);
        }

        // A test text belongs to no client; its group is never asked.
        groups.AddRange(Enumerable.Repeat(0, windows.Count - trainCount));
        return new LoadedData
        {
            Name = DataFile.Stem(request.Source),
            Format = DatasetFormat.Text,
            Shape = ModelShape.Text(length, symbols.Length),
            Features = [.. windows.Inputs],
            Labels = [.. windows.Targets],
            LabelLength = length,
            ClassNames = [.. symbols.Select(symbol => symbol.ToString())],
            Groups = speeches is null ? null : new ExampleGroups("speaker", names, [.. groups]),
            TestStart = trainCount,
            Notes = silent > 0 ? [$"{silent} speakers with fewer than {length + 1} characters were left out."] : [],
        };
    }
}
