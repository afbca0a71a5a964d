using System.IO.Compression;
using System.Text;
using Federated.Client.Training;

namespace Federated.Samples.LanguageModel;

/// <summary>A play by speakers: the first half of what is said trains the model, the other half is dealt to the machines, each with speakers of its own.</summary>
internal sealed class Corpus
{
    private const int HeldOutEvery = 5;

    private readonly Dictionary<char, int> _tokens;
    private readonly int _context;

    private Corpus(IReadOnlyList<string> speakers, int machines, int context)
    {
        _tokens = speakers.SelectMany(said => said).Distinct().Order().Select((character, i) => (character, i)).ToDictionary(pair => pair.character, pair => pair.i);
        _context = context;

        // Speakers by turns to either half, the longest first, so that both have as much to say.
        string[] longest = [.. speakers.OrderByDescending(said => said.Length)];
        First = Examples(longest.Where((_, i) => i % 2 == 0));
        Windows = Join([.. Enumerable.Range(0, machines).Select(m => Examples(longest.Where((_, i) => i % 2 == 1 && i / 2 % machines == m)))], out int[][] shares);
        Shares = [.. shares.Select(share => share.Where((_, i) => i % HeldOutEvery != 0).ToArray())];
        HeldOut = [.. shares.SelectMany(share => share.Where((_, i) => i % HeldOutEvery == 0))];
        if (First.Count < 10 || Shares.Any(share => share.Length < 10))
        {
            throw new InvalidDataException($"The text has {First.Count} + {Windows.Count} windows of {context} characters by {speakers.Count} speakers; that is too little for {machines} machines.");
        }
    }

    /// <summary>Number of different characters.</summary>
    public int Vocabulary => _tokens.Count;

    /// <summary>Windows of the half that the model is trained on.</summary>
    public ExampleSet First { get; }

    /// <summary>Windows of the other half.</summary>
    public ExampleSet Windows { get; }

    /// <summary>The rows of <see cref="Windows"/> that each machine measures its loss on.</summary>
    public int[][] Shares { get; }

    /// <summary>The rows that no machine sees: every fifth.</summary>
    public int[] HeldOut { get; }

    /// <summary>Reads a text, plain or <c>.gz</c>.</summary>
    /// <exception cref="InvalidDataException">No speakers are found in it, or too little text.</exception>
    public static Corpus Read(string path, int machines, int context)
    {
        using Stream file = path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(File.OpenRead(path), CompressionMode.Decompress) : File.OpenRead(path);
        using var reader = new StreamReader(file);
        var speakers = new Dictionary<string, StringBuilder>(StringComparer.Ordinal);
        foreach (string paragraph in reader.ReadToEnd().ReplaceLineEndings("\n").Split("\n\n", StringSplitOptions.RemoveEmptyEntries))
        {
            string[] lines = paragraph.Trim('\n').Split('\n', 2);
            if (lines is [[.. { Length: > 0 } name, ':'], string said])
            {
                (speakers.TryGetValue(name, out StringBuilder? all) ? all : speakers[name] = new StringBuilder()).Append(said).Append('\n');
            }
        }

        return speakers.Count >= 2 * machines
            ? new Corpus([.. speakers.Values.Select(said => said.ToString())], machines, context)
            : throw new InvalidDataException($"'{path}' has {speakers.Count} speakers; {2 * machines} are needed. A speech is a paragraph whose first line is a name and a colon.");
    }

    /// <summary>Windows that do not overlap; each position's label is the character after it.</summary>
    private ExampleSet Examples(IEnumerable<string> texts)
    {
        var features = new List<float>();
        var labels = new List<int>();
        foreach (string text in texts)
        {
            for (int start = 0; start + _context < text.Length; start += _context)
            {
                for (int i = start; i < start + _context; i++)
                {
                    features.Add(_tokens[text[i]]);
                    labels.Add(_tokens[text[i + 1]]);
                }
            }
        }

        return new ExampleSet(features.ToArray(), _context, labels.ToArray(), _context);
    }

    private ExampleSet Join(ExampleSet[] parts, out int[][] rows)
    {
        rows = new int[parts.Length][];
        int first = 0;
        for (int i = 0; i < parts.Length; i++)
        {
            rows[i] = [.. Enumerable.Range(first, parts[i].Count)];
            first += parts[i].Count;
        }

        return new ExampleSet(
            parts.SelectMany(part => part.Features.ToArray()).ToArray(), _context, parts.SelectMany(part => part.Labels.ToArray()).ToArray(), _context);
    }
}
