using System.Globalization;
using ScottPlot;

namespace Federated.Simulation.Studies.Byzantine;

/// <summary>Draws the heat map of a study as a PNG.</summary>
internal static class HeatMapPlot
{
    private const int CellWidth = 84, RowHeight = 30, TopMargin = 60, BottomMargin = 110;

    public static void Save(string path, string title, StudyTable table)
    {
        using var plot = new Plot();
        int leftMargin = 24 + (8 * table.Rows.Max(row => row.Rule.Length));
        string[] columns = [.. table.Attacks, "worst case"];
        double best = table.Rows.Max(row => row.Accuracies.Max());
        for (int r = 0; r < table.Rows.Count; r++)
        {
            double[] values = [.. table.Rows[r].Accuracies, table.Rows[r].Worst];
            for (int c = 0; c < values.Length; c++)
            {
                // The worst case stands apart by a gap.
                double x = c + (c == columns.Length - 1 ? 0.25 : 0);
                var cell = plot.Add.Rectangle(x, x + 1, -r - 1, -r);
                cell.FillColor = Color.FromHex(HeatColours.Of(values[c] / best));
                cell.LineColor = Colors.White;
                cell.LineWidth = 2;
                var text = plot.Add.Text((values[c] * 100).ToString("0.0", CultureInfo.InvariantCulture), x + 0.5, -r - 0.5);
                text.LabelAlignment = Alignment.MiddleCenter;
                text.LabelFontSize = 13;
                text.LabelFontColor = HeatColours.IsDark(values[c] / best) ? Colors.White : Colors.Black;
                text.LabelBold = c == columns.Length - 1;
            }
        }

        plot.Title(title, 17);
        plot.Axes.Left.SetTicks([.. Enumerable.Range(0, table.Rows.Count).Select(r => -r - 0.5)], [.. table.Rows.Select(row => row.Rule)]);
        plot.Axes.Bottom.SetTicks([.. Enumerable.Range(0, columns.Length).Select(c => c + 0.5 + (c == columns.Length - 1 ? 0.25 : 0))], columns);
        plot.Axes.Bottom.TickLabelStyle.Rotation = -30;
        plot.Axes.Bottom.TickLabelStyle.Alignment = Alignment.MiddleRight;
        plot.Axes.Left.TickLabelStyle.FontSize = 13;
        plot.Axes.Bottom.TickLabelStyle.FontSize = 13;
        plot.Axes.Left.MajorTickStyle.Length = 0;
        plot.Axes.Bottom.MajorTickStyle.Length = 0;
        plot.Axes.SetLimits(0, columns.Length + 0.25, -table.Rows.Count, 0);
        plot.Layout.Fixed(new PixelPadding(leftMargin, 20, BottomMargin, TopMargin));
        plot.HideGrid();
        plot.SavePng(path, leftMargin + 20 + (CellWidth * columns.Length), TopMargin + BottomMargin + (RowHeight * table.Rows.Count));
    }
}
