using System.Globalization;

namespace Federated.Simulation.Reports;

/// <summary>Writes numbers of bytes for people, in powers of 1000.</summary>
public static class Sizes
{
    private static readonly string[] Units = ["B", "kB", "MB", "GB", "TB"];

    public static string Text(double bytes)
    {
        int unit = 0;
        while (Math.Abs(bytes) >= 1000 && unit < Units.Length - 1)
        {
            bytes /= 1000;
            unit++;
        }

        return bytes.ToString(unit == 0 ? "0" : bytes >= 100 ? "0" : bytes >= 10 ? "0.#" : "0.##", CultureInfo.InvariantCulture) + " " + Units[unit];
    }
}
