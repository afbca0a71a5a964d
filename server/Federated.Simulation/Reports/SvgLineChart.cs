using System.Globalization;
using System.Net;
using System.Text;

namespace Federated.Simulation.Reports;

/// <summary>Draws lines over rounds as inline SVG. Colours come from the page's variables <c>--series-N</c>.</summary>
internal static class SvgLineChart
{
    private const double Width = 640, Height = 280, Left = 62, Right = 16, Top = 14, Bottom = 34;

    /// <summary>Series that a page has colours for; further ones use them again.</summary>
    public const int Colours = 8;

    public static string Render(string label, string unit, IReadOnlyList<ChartSeries> series, double? from = null, double? to = null, string axis = "round")
    {
        ChartSeries[] drawn = [.. series.Where(line => line.Points.Count > 0)];
        if (drawn.Length == 0)
        {
            return "<p class=\"empty\">Nothing was measured.</p>";
        }

        (double X, double Y)[] all = [.. drawn.SelectMany(line => line.Points)];
        Axis x = Axis.Around(0, Math.Max(1, all.Max(point => point.X)), 6);
        Axis y = Axis.Around(from ?? all.Min(point => point.Y), to ?? all.Max(point => point.Y), 5);
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{WebUtility.HtmlEncode(label)}\">");
        foreach (double tick in y.Ticks)
        {
            double at = y.Place(tick, Height - Bottom, Top);
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{at:F1}\" y2=\"{at:F1}\"/>");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left - 8}\" y=\"{at + 4:F1}\" text-anchor=\"end\">{Axis.Label(tick, unit)}</text>");
        }

        foreach (double tick in x.Ticks.Where(tick => tick == Math.Floor(tick)))
        {
            double at = x.Place(tick, Left, Width - Right);
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{at:F1}\" y=\"{Height - 14}\" text-anchor=\"middle\">{tick}</text>");
        }

        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"axis\" x=\"{Width - Right}\" y=\"{Height - 1}\" text-anchor=\"end\">{WebUtility.HtmlEncode(axis)}</text>");
        for (int i = 0; i < drawn.Length; i++)
        {
            Line(svg, drawn[i], i % Colours, x, y, unit, axis);
        }

        return svg.Append("</svg>").Append(drawn.Length > 1 ? Legend(drawn) : "").ToString();
    }

    private static void Line(StringBuilder svg, ChartSeries line, int colour, Axis x, Axis y, string unit, string axis)
    {
        string path = string.Join(' ', line.Points.Select(point => string.Create(
            CultureInfo.InvariantCulture, $"{x.Place(point.X, Left, Width - Right):F1},{y.Place(point.Y, Height - Bottom, Top):F1}")));
        svg.Append(CultureInfo.InvariantCulture, $"<polyline class=\"line\" style=\"stroke:var(--series-{colour})\" points=\"{path}\"/>");
        // Invisible discs carry the values, which a browser shows under the pointer.
        foreach ((double px, double py) in line.Points.Count <= 400 ? line.Points : [])
        {
            svg.Append(CultureInfo.InvariantCulture, $"<circle class=\"hit\" style=\"fill:var(--series-{colour})\" cx=\"{x.Place(px, Left, Width - Right):F1}\" cy=\"{y.Place(py, Height - Bottom, Top):F1}\" r=\"5\">");
            svg.Append(CultureInfo.InvariantCulture, $"<title>{WebUtility.HtmlEncode(line.Name)}, {WebUtility.HtmlEncode(axis)} {px}: {Axis.Label(py, unit)}</title></circle>");
        }
    }

    private static string Legend(ChartSeries[] series)
    {
        var html = new StringBuilder("<ul class=\"legend\">");
        for (int i = 0; i < series.Length; i++)
        {
            html.Append(CultureInfo.InvariantCulture, $"<li><span style=\"background:var(--series-{i % Colours})\"></span>{WebUtility.HtmlEncode(series[i].Name)}</li>");
        }

        return html.Append("</ul>").ToString();
    }
}
