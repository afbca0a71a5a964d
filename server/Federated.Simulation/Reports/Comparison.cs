using System.Globalization;
using System.Net;
using System.Text;

namespace Federated.Simulation.Reports;

/// <summary>Sets several results side by side: a table, a chart as PNG and a page.</summary>
public static class Comparison
{
    /// <summary>Names for the results: the folders' own, made distinct by their parents where needed.</summary>
    public static IReadOnlyList<(string Name, ResultDocument Result)> Read(IReadOnlyList<string> folders)
    {
        ArgumentNullException.ThrowIfNull(folders);
        string[] full = [.. folders.Select(folder => Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)))];
        bool distinct = full.Select(Path.GetFileName).Distinct(StringComparer.Ordinal).Count() == full.Length;
        return [.. full.Select((folder, i) => (distinct ? Path.GetFileName(folder) : folders[i], ResultFolder.Read(folder)))];
    }

    /// <summary>Writes <c>comparison.png</c> and <c>comparison.html</c>.</summary>
    public static void Write(string folder, IReadOnlyList<(string Name, ResultDocument Result)> results)
    {
        ArgumentNullException.ThrowIfNull(results);
        Directory.CreateDirectory(folder);
        AccuracyPlot.Save(Path.Combine(folder, "comparison.png"), results);
        File.WriteAllText(Path.Combine(folder, "comparison.html"), Render(results), Encoding.UTF8);
    }

    private static string Render(IReadOnlyList<(string Name, ResultDocument Result)> results)
    {
        ChartSeries Series(string name, ResultDocument result, Func<Engine.RoundReport, double?> value) =>
            new(name, [.. result.Rounds.Where(round => value(round) is not null).Select(round => ((double)round.Round, value(round)!.Value))]);
        var body = new StringBuilder();
        body.Append(CultureInfo.InvariantCulture, $"<h1>{results.Count} results</h1><p class=\"lead\">Accuracy and loss on each result's held-out examples.</p>");
        body.Append("<section class=\"card\"><div class=\"scroll\"><table><tr><th>result</th><th>data set</th><th>model</th><th>partition</th><th class=\"n\">rounds</th><th class=\"n\">accuracy</th><th class=\"n\">best</th><th class=\"n\">loss</th><th class=\"n\">to target</th><th class=\"n\">up</th><th class=\"n\">down</th><th class=\"n\">failures</th><th class=\"n\">seconds</th></tr>");
        foreach ((string name, ResultDocument result) in results)
        {
            body.Append("<tr>");
            string[] cells = Cells(name, result);
            for (int i = 0; i < cells.Length; i++)
            {
                body.Append(CultureInfo.InvariantCulture, $"<td{(i >= 4 ? " class=\"n\"" : "")}>{WebUtility.HtmlEncode(cells[i])}</td>");
            }

            body.Append("</tr>");
        }

        body.Append("</table></div></section><div class=\"grid2\">");
        body.Append(CultureInfo.InvariantCulture, $"<section class=\"card\"><h2>Accuracy</h2>{SvgLineChart.Render("Accuracy by round", "%", [.. results.Select(result => Series(result.Name, result.Result, round => round.Accuracy))], 0, 1)}</section>");
        body.Append(CultureInfo.InvariantCulture, $"<section class=\"card\"><h2>Loss (nats)</h2>{SvgLineChart.Render("Loss by round", "", [.. results.Select(result => Series(result.Name, result.Result, round => round.Loss))], 0)}</section></div>");
        return HtmlPage.Render("Comparison", body.ToString());
    }

    /// <summary>Headings of <see cref="Cells"/>.</summary>
    public static IReadOnlyList<string> Headings { get; } =
        ["result", "data set", "model", "partition", "rounds", "accuracy", "best", "loss", "to target", "up", "down", "failures", "seconds"];

    /// <summary>A row of the table.</summary>
    public static string[] Cells(string name, ResultDocument result)
    {
        ArgumentNullException.ThrowIfNull(result);
        double? best = result.Rounds.Max(round => round.Accuracy);
        return
        [
            name, result.Dataset.Name, result.Settings.Job.Model, result.Settings.Partition,
            result.Rounds.Count.ToString(CultureInfo.InvariantCulture),
            result.Final.Accuracy?.ToString("P2", CultureInfo.InvariantCulture) ?? "",
            best?.ToString("P2", CultureInfo.InvariantCulture) ?? "",
            result.Final.Loss?.ToString("0.0000", CultureInfo.InvariantCulture) ?? "",
            result.RoundsToTarget?.ToString(CultureInfo.InvariantCulture) ?? "",
            Sizes.Text(result.BytesUp), Sizes.Text(result.BytesDown),
            result.Failures.Count.ToString(CultureInfo.InvariantCulture),
            result.Timings.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture),
        ];
    }
}
