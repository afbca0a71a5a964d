using System.Globalization;

namespace Federated.Simulation.Reports;

/// <summary>A linear axis with round ticks.</summary>
internal sealed class Axis
{
    private Axis(double low, double high, double step)
    {
        Low = low;
        High = high;
        Step = step;
    }

    public double Low { get; }

    public double High { get; }

    public double Step { get; }

    public IEnumerable<double> Ticks
    {
        get
        {
            for (int i = 0; Low + (i * Step) <= High + (Step * 1e-6); i++)
            {
                yield return Low + (i * Step);
            }
        }
    }

    /// <summary>The smallest axis of round ticks that holds the range.</summary>
    public static Axis Around(double low, double high, int ticks)
    {
        double span = high - low;
        if (!(span > 0))
        {
            span = Math.Max(Math.Abs(high), 1e-3);
            high = low + span;
        }

        double rough = span / ticks;
        double power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        double step = power * ((rough / power) switch { <= 1 => 1, <= 2 => 2, <= 2.5 => 2.5, <= 5 => 5, _ => 10 });
        double first = Math.Floor(low / step) * step;
        return new Axis(first, Math.Ceiling(high / step) * step, step);
    }

    public double Place(double value, double from, double to) => from + ((value - Low) / (High - Low) * (to - from));

    /// <summary>Bytes and counts with a unit prefix, small numbers with the digits that the step needs.</summary>
    public static string Label(double value, string unit) => unit switch
    {
        "%" => (value * 100).ToString("0.##", CultureInfo.InvariantCulture) + " %",
        "B" => Sizes.Text(value),
        _ => value.ToString("0.####", CultureInfo.InvariantCulture),
    };
}
