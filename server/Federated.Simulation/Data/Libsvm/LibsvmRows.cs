using System.Globalization;
using Federated.Client.Sparse;

namespace Federated.Simulation.Data.Libsvm;

/// <summary>The lines of LIBSVM files as they come.</summary>
internal sealed class LibsvmRows
{
    private const int MaxIndex = 100_000_000;

    private readonly List<int> _starts = [0];
    private readonly List<int> _indices = [];
    private readonly List<float> _values = [];

    public List<double> Labels { get; } = [];

    /// <summary>The largest index seen; -1 before any.</summary>
    public int LargestIndex { get; private set; } = -1;

    /// <summary>0 when some file counts from 0; 1 as the format has it otherwise.</summary>
    public int SmallestIndex { get; private set; } = int.MaxValue;

    public void Read(string path)
    {
        using var lines = new TextLines(path);
        int before = Labels.Count;
        while (lines.Read())
        {
            ReadOnlySpan<char> line = lines.Current;
            int comment = line.IndexOf('#');
            line = (comment < 0 ? line : line[..comment]).Trim();
            if (!line.IsEmpty)
            {
                AddLine(line, lines);
            }
        }

        if (Labels.Count == before)
        {
            throw SimulationException.AtLine(path, 1, "the file has no examples.");
        }
    }

    /// <summary>All lines as a matrix.</summary>
    /// <param name="columns">Number of features.</param>
    /// <param name="first">The index of the first feature.</param>
    public CsrMatrix ToMatrix(int columns, int first) =>
        new(Labels.Count, columns, _starts.ToArray(), _indices.Select(index => index - first).ToArray(), _values.ToArray());

    private void AddLine(ReadOnlySpan<char> line, TextLines lines)
    {
        bool first = true;
        int previous = -1;
        foreach (Range range in line.SplitAny(' ', '\t'))
        {
            ReadOnlySpan<char> token = line[range];
            if (token.IsEmpty)
            {
                continue;
            }

            if (first)
            {
                first = false;
                Labels.Add(Number(token, out double label)
                    ? label
                    : throw lines.Error($"expected a numeric label, found '{token}'{(token.Contains(',') ? "; files with several labels are not supported" : "")}."));
                continue;
            }

            if (token.StartsWith("qid:", StringComparison.Ordinal))
            {
                continue;
            }

            int colon = token.IndexOf(':');
            if (colon <= 0 || !int.TryParse(token[..colon], NumberStyles.None, CultureInfo.InvariantCulture, out int index) || !Number(token[(colon + 1)..], out double value))
            {
                throw lines.Error($"expected index:value with finite numbers, found '{token}'.");
            }

            if (index <= previous || index > MaxIndex)
            {
                throw lines.Error($"index {index} after {previous}; expected ascending indices up to {MaxIndex}.");
            }

            previous = index;
            LargestIndex = Math.Max(LargestIndex, index);
            SmallestIndex = Math.Min(SmallestIndex, index);
            _indices.Add(index);
            _values.Add((float)value);
        }

        _starts.Add(_indices.Count);
    }

    private static bool Number(ReadOnlySpan<char> token, out double value) =>
        double.TryParse(token, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && float.IsFinite((float)value);
}
