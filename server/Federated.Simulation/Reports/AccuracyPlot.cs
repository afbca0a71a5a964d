using ScottPlot;

namespace Federated.Simulation.Reports;

/// <summary>Draws accuracy over rounds as a PNG, one line for each result.</summary>
internal static class AccuracyPlot
{
    private const int Width = 1000, Height = 600;
    private static readonly string[] Colours = ["#2563eb", "#ea7317", "#0d9488", "#b4268b", "#7c5cff", "#7a8b00", "#c2410c", "#475569"];

    public static void Save(string path, IReadOnlyList<(string Name, ResultDocument Result)> results)
    {
        using var plot = new Plot();
        for (int i = 0; i < results.Count; i++)
        {
            (double X, double Y)[] points = [.. results[i].Result.Rounds.Where(round => round.Accuracy is not null).Select(round => ((double)round.Round, round.Accuracy!.Value * 100))];
            if (points.Length == 0)
            {
                continue;
            }

            var line = plot.Add.Scatter(points.Select(point => point.X).ToArray(), points.Select(point => point.Y).ToArray(), Color.FromHex(Colours[i % Colours.Length]));
            line.LineWidth = 2.5f;
            line.MarkerSize = points.Length <= 60 ? 6 : 0;
            line.LegendText = results[i].Name;
        }

        plot.Title(results.Count == 1 ? $"{results[0].Result.Settings.Job.Model} on {results[0].Name}: accuracy on the held-out examples" : "Accuracy on the held-out examples", 18);
        plot.XLabel("round", 15);
        plot.YLabel("accuracy (%)", 15);
        plot.Axes.SetLimitsY(0, 100);
        plot.Axes.SetLimitsX(0, Math.Max(1, results.Max(result => result.Result.Rounds.Count)) + 0.5);
        plot.Grid.MajorLineColor = Color.FromHex("#dfe3ea");
        if (results.Count > 1)
        {
            plot.ShowLegend(Alignment.LowerRight);
        }
        else
        {
            plot.HideLegend();
        }

        plot.SavePng(path, Width, Height);
    }
}
