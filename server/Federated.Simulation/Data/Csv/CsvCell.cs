using System.Globalization;

namespace Federated.Simulation.Data.Csv;

/// <summary>Reads the number in a cell.</summary>
internal static class CsvCell
{
    public static bool TryNumber(ReadOnlySpan<char> cell, out double value)
    {
        // Pixels and counts, the bulk of large files, are short whole numbers.
        if (cell.Length is > 0 and <= 6)
        {
            int number = 0;
            foreach (char c in cell)
            {
                if (!char.IsAsciiDigit(c))
                {
                    number = -1;
                    break;
                }

                number = (number * 10) + (c - '0');
            }

            if (number >= 0)
            {
                value = number;
                return true;
            }
        }

        return double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && float.IsFinite((float)value);
    }
}
