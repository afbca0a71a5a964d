using System.Globalization;

namespace Federated.Aggregation.Robust.Catalog;

/// <summary>A setting of a rule.</summary>
/// <param name="Name">Its name, as in <c>radius=10</c>.</param>
/// <param name="Unit">What its number counts.</param>
/// <param name="Default">Its value when nothing is said.</param>
/// <param name="Least">Smallest value.</param>
/// <param name="Most">Largest value.</param>
/// <param name="Summary">What it does.</param>
/// <param name="IsWhole">Whether it is a whole number.</param>
/// <param name="Choices">Names of the values 0, 1, …; null when it is a number.</param>
public sealed record RuleParameter(
    string Name, string Unit, double Default, double Least, double Most, string Summary, bool IsWhole = false, IReadOnlyList<string>? Choices = null)
{
    /// <summary>Its values in words, such as <c>1 to 10</c>.</summary>
    public string Range => Choices is not null ? string.Join(", ", Choices)
        : double.IsNegativeInfinity(Least) ? "a number"
        : double.IsPositiveInfinity(Most) ? string.Create(CultureInfo.InvariantCulture, $"{(IsWhole ? "a whole number, " : "")}at least {Least}")
        : string.Create(CultureInfo.InvariantCulture, $"{(IsWhole ? "a whole number, " : "")}{Least} to {Most}");

    /// <summary>Reads a value.</summary>
    /// <returns>False when it is not one of <see cref="Range"/>.</returns>
    internal bool TryRead(string text, out double value)
    {
        if (Choices is not null)
        {
            value = Choices.ToList().IndexOf(text);
            return value >= 0;
        }

        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value)
            && double.IsFinite(value) && value >= Least && value <= Most && (!IsWhole || value == Math.Round(value));
    }
}
