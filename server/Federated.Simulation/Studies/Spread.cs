using System.Globalization;

namespace Federated.Simulation.Studies;

/// <summary>The middle and the ends of a figure over seeds. A seed that never reached the target counts as infinite.</summary>
/// <param name="Median">The middle; the mean of the two middle ones for an even number.</param>
/// <param name="Least">The smallest.</param>
/// <param name="Most">The largest.</param>
public readonly record struct Spread(double Median, double Least, double Most)
{
    /// <summary>What a table says instead of infinity.</summary>
    public const string NotReached = "not reached";

    /// <summary>Of some values, at least one.</summary>
    public static Spread Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        int half = sorted.Length / 2;
        return new Spread(sorted.Length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2, sorted[0], sorted[^1]);
    }

    /// <summary>Median and ends in words, such as <c>35 (30 to 60)</c>.</summary>
    /// <param name="format">Writes one figure.</param>
    public string Text(Func<double, string> format)
    {
        string Write(double value) => double.IsInfinity(value) ? NotReached : format(value);
        return Write(Least) == Write(Most) ? Write(Median) : string.Create(CultureInfo.InvariantCulture, $"{Write(Median)} ({Write(Least)} to {Write(Most)})");
    }
}
