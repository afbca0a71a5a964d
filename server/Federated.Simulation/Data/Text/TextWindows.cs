namespace Federated.Simulation.Data.Text;

/// <summary>Cuts texts into windows of token numbers.</summary>
internal sealed class TextWindows
{
    private readonly int _length;
    private readonly Dictionary<char, int> _codes;

    public TextWindows(int length, char[] symbols)
    {
        _length = length;
        _codes = Enumerable.Range(0, symbols.Length).ToDictionary(i => symbols[i]);
    }

    public List<float> Inputs { get; } = [];

    public List<int> Targets { get; } = [];

    public int Count => Targets.Count / _length;

    /// <summary>Adds the windows of a text; what is left at its end is not used.</summary>
    public int Add(string text)
    {
        int windows = Math.Max(0, text.Length - 1) / _length;
        for (int i = 0; i < windows * _length; i++)
        {
            Inputs.Add(_codes[text[i]]);
            Targets.Add(_codes[text[i + 1]]);
        }

        return windows;
    }
}
