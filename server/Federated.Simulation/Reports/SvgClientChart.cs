using System.Globalization;
using System.Net;
using System.Text;

namespace Federated.Simulation.Reports;

/// <summary>Draws the data of every client as a bar, largest first, divided by class where there are few classes.</summary>
internal static class SvgClientChart
{
    private const int MaxBars = 200, MaxClasses = 12;
    private const double Width = 960, Height = 260, Left = 46, Bottom = 20, Top = 8;

    public static string Render(IReadOnlyList<ClientSummary> clients, IReadOnlyList<string> classes)
    {
        ClientSummary[] drawn = [.. clients.OrderByDescending(client => client.Examples).ThenBy(client => client.Name, StringComparer.Ordinal).Take(MaxBars)];
        bool divided = classes.Count <= MaxClasses && drawn.All(client => client.Labels.Count == classes.Count);
        Axis y = Axis.Around(0, drawn.Max(client => client.Examples), 4);
        double slot = (Width - Left) / drawn.Length;
        double bar = Math.Min(48, slot * (slot > 6 ? 0.86 : 0.96));
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"Training examples of each client\">");
        foreach (double tick in y.Ticks)
        {
            double at = y.Place(tick, Height - Bottom, Top);
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{Left}\" x2=\"{Width}\" y1=\"{at:F1}\" y2=\"{at:F1}\"/>");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left - 8}\" y=\"{at + 4:F1}\" text-anchor=\"end\">{tick}</text>");
        }

        for (int i = 0; i < drawn.Length; i++)
        {
            double x = Left + (slot * i) + ((slot - bar) / 2);
            Bar(svg, drawn[i], x, bar, y, divided);
            if (drawn.Length <= 12)
            {
                string name = drawn[i].Name.Length > 22 ? drawn[i].Name[..21] + "…" : drawn[i].Name;
                svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{x + (bar / 2):F1}\" y=\"{Height - 4}\" text-anchor=\"middle\">{WebUtility.HtmlEncode(name)}</text>");
            }
        }

        svg.Append("</svg>");
        if (divided)
        {
            svg.Append("<ul class=\"legend\">");
            for (int i = 0; i < classes.Count; i++)
            {
                svg.Append(CultureInfo.InvariantCulture, $"<li><span style=\"background:var(--class-{i})\"></span>{WebUtility.HtmlEncode(classes[i])}</li>");
            }

            svg.Append("</ul>");
        }

        return svg.Append(clients.Count > MaxBars ? $"<p class=\"note\">The {MaxBars} largest of {clients.Count} clients.</p>" : "").ToString();
    }

    private static void Bar(StringBuilder svg, ClientSummary client, double x, double width, Axis y, bool divided)
    {
        double bottom = y.Place(0, Height - Bottom, Top);
        svg.Append(CultureInfo.InvariantCulture, $"<g><title>{WebUtility.HtmlEncode(client.Name)}: {client.Examples} examples</title>");
        double done = 0;
        IReadOnlyList<int> parts = divided ? client.Labels : [client.Examples];
        for (int i = 0; i < parts.Count; i++)
        {
            if (parts[i] == 0)
            {
                continue;
            }

            double top = y.Place(done + parts[i], Height - Bottom, Top);
            double low = done == 0 ? bottom : y.Place(done, Height - Bottom, Top);
            svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{x:F1}\" y=\"{top:F1}\" width=\"{width:F1}\" height=\"{low - top:F1}\" style=\"fill:var(--{(divided ? $"class-{i}" : "series-0")})\"/>");
            done += parts[i];
        }

        svg.Append("</g>");
    }
}
