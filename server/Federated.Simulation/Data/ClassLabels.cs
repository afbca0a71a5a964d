using System.Globalization;

namespace Federated.Simulation.Data;

/// <summary>Turns distinct label values into classes 0, 1, ...: numbers in numeric order, anything else in ordinal order.</summary>
internal sealed class ClassLabels
{
    /// <summary>More distinct labels than this are taken for a quantity.</summary>
    public const int MaxClasses = 1000;

    private readonly Dictionary<string, int> _codes = new(StringComparer.Ordinal);

    public ClassLabels(IReadOnlyCollection<string> values, string where)
    {
        double[] numbers = new double[values.Count];
        int i = 0;
        bool numeric = values.All(value => double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out numbers[i++]));
        if (values.Count > MaxClasses || (numeric && values.Count > 20 && numbers.Any(number => number != Math.Floor(number))))
        {
            throw new SimulationException(
                $"{where}: the label has {(values.Count > MaxClasses ? "more than " + MaxClasses : values.Count)} distinct values and looks like a quantity; make classes of it, for example --label COLUMN:>THRESHOLD.");
        }

        if (numeric)
        {
            // "1" and "1.0" are one class.
            double[] distinct = [.. numbers.Distinct().Order()];
            Names = [.. distinct.Select(number => number.ToString(CultureInfo.InvariantCulture))];
            foreach (string value in values)
            {
                _codes[value] = Array.BinarySearch(distinct, double.Parse(value, CultureInfo.InvariantCulture));
            }
        }
        else
        {
            Names = [.. values.Order(StringComparer.Ordinal)];
            for (int code = 0; code < Names.Count; code++)
            {
                _codes[Names[code]] = code;
            }
        }

        Codes = _codes.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    public IReadOnlyList<string> Names { get; }

    public Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> Codes { get; }
}
