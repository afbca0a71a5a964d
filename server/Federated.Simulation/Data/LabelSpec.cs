using System.Globalization;

namespace Federated.Simulation.Data;

/// <summary>
/// Which column is the label and how it becomes a class: <c>COLUMN</c>, or <c>COLUMN:OPERATOR THRESHOLD</c> for two classes, with the operators
/// &gt;, &gt;=, &lt;, &lt;= and ==; <c>COLUMN:</c> is short for <c>COLUMN:&gt;0</c>. The column is a name, a 1-based number, or <c>last</c>.
/// </summary>
internal sealed record LabelSpec(string Column, string? Operator, double Threshold)
{
    private static readonly string[] Operators = [">=", "<=", "==", ">", "<"];

    public static LabelSpec Last { get; } = new("last", null, 0);

    public static LabelSpec Parse(string text)
    {
        // A name may hold a colon: only a colon before an operator ends it.
        foreach (string symbol in Operators)
        {
            int at = text.LastIndexOf(":" + symbol, StringComparison.Ordinal);
            if (at > 0)
            {
                string number = text[(at + 1 + symbol.Length)..];
                return double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out double threshold)
                    ? new LabelSpec(text[..at].Trim(), symbol, threshold)
                    : throw new SimulationException($"label '{text}': '{number}' is not a number; expected for example 14:>0.");
            }
        }

        // A shell takes an unquoted 14:>0 apart and passes "14:" on.
        if (text.Length > 1 && text[^1] == ':')
        {
            return new LabelSpec(text[..^1].Trim(), ">", 0);
        }

        return string.IsNullOrWhiteSpace(text)
            ? throw new SimulationException("label: expected COLUMN or COLUMN:>THRESHOLD, found nothing.")
            : new LabelSpec(text.Trim(), null, 0);
    }

    public int ClassOf(double value) => Operator switch
    {
        ">=" => value >= Threshold,
        "<=" => value <= Threshold,
        "==" => value == Threshold,
        ">" => value > Threshold,
        _ => value < Threshold,
    } ? 1 : 0;

    /// <summary>What a class of a threshold means.</summary>
    public IReadOnlyList<string> ThresholdClasses =>
        [string.Create(CultureInfo.InvariantCulture, $"not {Operator}{Threshold}"), string.Create(CultureInfo.InvariantCulture, $"{Operator}{Threshold}")];
}
