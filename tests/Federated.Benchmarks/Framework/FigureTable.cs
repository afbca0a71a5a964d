using System.Globalization;

namespace Federated.Benchmarks.Framework;

/// <summary>Prints figures as a table of plain text.</summary>
internal static class FigureTable
{
    public static void Write(TextWriter output, IReadOnlyList<Figure> figures)
    {
        int width = Math.Max(6, figures.Select(figure => figure.Name.Length).DefaultIfEmpty().Max());
        output.WriteLine($"{"figure".PadRight(width)}  {"value",12}  {"goal",10}  {"met",-3}  unit");
        foreach (Figure figure in figures)
        {
            string goal = figure.Goal is { } bound ? Format(bound) : "";
            string met = figure.Met switch { true => "yes", false => "NO", null => "" };
            output.WriteLine($"{figure.Name.PadRight(width)}  {Format(figure.Value),12}  {goal,10}  {met,-3}  {figure.Unit}");
        }
    }

    private static string Format(double value) =>
        value.ToString(Math.Abs(value) is >= 1000 or 0 ? "F0" : "G4", CultureInfo.InvariantCulture);
}
