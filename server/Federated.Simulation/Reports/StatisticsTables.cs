using System.Globalization;
using System.Net;
using System.Text;
using Federated.Coordination.Algorithms.Statistics;

namespace Federated.Simulation.Reports;

/// <summary>Renders pooled statistics as tables of a report; <c>result.json</c> has all rows.</summary>
internal static class StatisticsTables
{
    private const int MostRows = 40;

    public static string Render(PooledStatistics statistics, IReadOnlyList<string> classes)
    {
        var html = new StringBuilder();
        if (statistics.Labels is { } labels)
        {
            Table(html, ["label", "examples"], labels.Select((count, i) => new[] { i < classes.Count ? classes[i] : Text(i), Text(count) }));
        }

        if (statistics.Features is { } features)
        {
            Table(html, ["feature", "values", "mean", "variance"], RowsOf(features));
        }

        foreach (PooledLayer layer in statistics.Normalisation ?? [])
        {
            Table(html, [$"{layer.Name}, channel", "values", "mean", "variance"], RowsOf(layer.Channels));
        }

        return html.ToString();
    }

    private static IEnumerable<string[]> RowsOf(PooledMoments moments) =>
        moments.Counts.Select((count, i) => new[] { Text(i), Text(count), Text(moments.Means[i]), Text(moments.Variances[i]) });

    private static void Table(StringBuilder html, string[] heads, IEnumerable<string[]> rows)
    {
        List<string[]> all = [.. rows];
        html.Append("<div class=\"scroll\"><table><tr>");
        html.AppendJoin("", heads.Select((head, i) => $"<th{(i > 0 ? " class=\"n\"" : "")}>{WebUtility.HtmlEncode(head)}</th>")).Append("</tr>");
        foreach (string[] row in all.Take(MostRows))
        {
            html.Append("<tr>").AppendJoin("", row.Select((cell, i) => $"<td{(i > 0 ? " class=\"n\"" : "")}>{WebUtility.HtmlEncode(cell)}</td>")).Append("</tr>");
        }

        html.Append("</table></div>");
        if (all.Count > MostRows)
        {
            html.Append(CultureInfo.InvariantCulture, $"<p class=\"note\">{all.Count - MostRows} more rows are in result.json.</p>");
        }
    }

    private static string Text(double? value) => value?.ToString("0.######", CultureInfo.InvariantCulture) ?? "none";
}
