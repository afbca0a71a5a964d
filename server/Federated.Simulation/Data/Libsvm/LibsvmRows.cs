using System.Globalization;

namespace Federated.Simulation.Data.Libsvm;

/// <summary>The lines of LIBSVM files in compressed rows: indices and values of row r stand from <c>Starts[r]</c> to <c>Starts[r + 1]</c>.</summary>
internal sealed class LibsvmRows
{
    private const int MaxIndex = 100_000_000;

    public List<int> Starts { get; } = [0];

    public List<int> Indices { get; } = [];

    public List<float> Values { get; } = [];

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
            Indices.Add(index);
            Values.Add((float)value);
        }

        Starts.Add(Indices.Count);
    }

    private static bool Number(ReadOnlySpan<char> token, out double value) =>
        double.TryParse(token, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && float.IsFinite((float)value);
}
