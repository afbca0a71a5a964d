using Federated.Simulation.Reports;
using ScottPlot;

namespace Federated.Simulation.Studies;

/// <summary>Draws accuracy against a cost as a PNG, one line for each arm.</summary>
internal static class StudyPlot
{
    private const int Width = 1000, Height = 600;
    private static readonly string[] Colours = ["#2563eb", "#ea7317", "#0d9488", "#b4268b", "#7c5cff", "#7a8b00", "#c2410c", "#475569"];

    public static void Save(string path, string title, string cost, IReadOnlyList<ChartSeries> series)
    {
        using var plot = new Plot();
        for (int i = 0; i < series.Count; i++)
        {
            if (series[i].Points.Count > 0)
            {
                var line = plot.Add.Scatter(
                    series[i].Points.Select(point => point.X).ToArray(), series[i].Points.Select(point => point.Y * 100).ToArray(), Color.FromHex(Colours[i % Colours.Length]));
                line.LineWidth = 2.5f;
                line.MarkerSize = series[i].Points.Count <= 60 ? 5 : 0;
                line.LegendText = series[i].Name;
            }
        }

        plot.Title($"{title}: accuracy on the held-out examples", 18);
        plot.XLabel(cost, 15);
        plot.YLabel("accuracy (%)", 15);
        plot.Axes.SetLimitsY(0, 100);
        plot.Grid.MajorLineColor = Color.FromHex("#dfe3ea");
        plot.ShowLegend(Alignment.LowerRight);
        plot.SavePng(path, Width, Height);
    }
}
