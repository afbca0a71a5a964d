using System.Globalization;
using System.Net;
using System.Text;
using Federated.Simulation.Engine;

namespace Federated.Simulation.Reports;

/// <summary>Renders <c>report.html</c>.</summary>
internal static class HtmlReport
{
    private const int MaxReasons = 12;

    public static string Render(ResultDocument result)
    {
        string title = $"{result.Settings.Job.Model} on {result.Dataset.Name}";
        var body = new StringBuilder();
        body.Append(CultureInfo.InvariantCulture, $"<h1>{Encode(title)}</h1><p class=\"lead\">{Encode(result.Settings.Job.Algorithm.Name)}, {result.Rounds.Count} rounds, {result.Settings.Clients} clients, seed {result.Seed}{EndText(result)}</p>");
        Tiles(body, result);
        body.Append("<div class=\"grid2\">");
        Card(body, "Accuracy on the held-out examples", SvgLineChart.Render("Accuracy by round", "%", [Series("accuracy", result, round => round.Accuracy)], 0, 1));
        Card(body, "Loss (nats)", SvgLineChart.Render("Loss by round", "", [Series("held-out examples", result, round => round.Loss), Series("local training", result, round => round.TrainingLoss)], 0));
        Card(body, "Bytes, all clients together", SvgLineChart.Render("Cumulative bytes by round", "B", [Sum("down", result, round => round.BytesDown), Sum("up", result, round => round.BytesUp)], 0));
        Card(body, "Settings", Settings(result));
        body.Append("</div>");
        Card(body, "Training examples of each client" + (result.Dataset.Classes.Count <= 12 && result.Dataset.Format != "text" ? ", by class" : ""), SvgClientChart.Render(result.Clients, result.Dataset.Classes));
        if (result.Rounds.Any(round => round.Scores.Count > 0))
        {
            Card(body, "How the aggregation rule judged the clients", SvgTrustChart.Render(result.Rounds));
        }

        if (result.Statistics is [.., { Pooled: { } pooled }])
        {
            Card(body, $"Pooled statistics of {pooled.Devices} clients ({pooled.Examples} examples), at version {pooled.Version}", StatisticsTables.Render(pooled, result.Dataset.Classes));
        }

        Card(body, "Clients whose work is in no model", Failures(result));
        foreach (string note in result.Dataset.Notes)
        {
            body.Append(CultureInfo.InvariantCulture, $"<p class=\"note\">{Encode(note)}</p>");
        }

        return HtmlPage.Render(title, body.ToString());
    }

    private static string EndText(ResultDocument result) => result.End switch
    {
        SimulationEnd.TargetReached => string.Create(CultureInfo.InvariantCulture, $"; the target accuracy {result.Settings.Job.TargetAccuracy:P1} was reached in round {result.RoundsToTarget}"),
        SimulationEnd.Cancelled => "; stopped by the user",
        SimulationEnd.Abandoned => "; ended because too many rounds in a row were abandoned",
        SimulationEnd.Diverged => "; ended because the model diverged",
        _ => "",
    };

    private static void Tiles(StringBuilder body, ResultDocument result)
    {
        body.Append("<div class=\"tiles\">");
        Tile(body, result.Final.Accuracy is { } accuracy ? accuracy.ToString("P2", CultureInfo.InvariantCulture) : "none", "accuracy");
        Tile(body, result.Final.Loss is { } loss ? loss.ToString("0.0000", CultureInfo.InvariantCulture) : "none", "loss");
        Tile(body, result.Rounds.Count.ToString(CultureInfo.InvariantCulture), "rounds");
        Tile(body, Sizes.Text(result.BytesUp), "up");
        Tile(body, Sizes.Text(result.BytesDown), "down");
        Tile(body, result.Failures.Count.ToString(CultureInfo.InvariantCulture), "failures");
        Tile(body, result.Timings.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture) + " s", "wall clock");
        body.Append("</div>");
    }

    private static void Tile(StringBuilder body, string value, string name) => body.Append(CultureInfo.InvariantCulture, $"<div class=\"tile\"><b>{value}</b><span>{name}</span></div>");

    private static void Card(StringBuilder body, string title, string content) => body.Append(CultureInfo.InvariantCulture, $"<section class=\"card\"><h2>{Encode(title)}</h2>{content}</section>");

    private static string Settings(ResultDocument result)
    {
        var table = new StringBuilder("<div class=\"scroll\"><table>");
        foreach ((string name, string value) in SettingRows.Of(result))
        {
            table.Append(CultureInfo.InvariantCulture, $"<tr><th>{Encode(name)}</th><td>{(name.EndsWith("256", StringComparison.Ordinal) ? $"<code>{value}</code>" : Encode(value))}</td></tr>");
        }

        return table.Append("</table></div>").ToString();
    }

    private static string Failures(ResultDocument result)
    {
        if (result.Failures.Count == 0)
        {
            return "<p class=\"empty\">None.</p>";
        }

        var table = new StringBuilder("<div class=\"scroll\"><table><tr><th class=\"n\">clients</th><th>kind</th><th>reason</th><th>first seen</th></tr>");
        var groups = result.Failures.GroupBy(failure => (failure.Kind, failure.Reason)).OrderByDescending(group => group.Count()).ToList();
        foreach (var group in groups.Take(MaxReasons))
        {
            ClientFailure first = group.First();
            table.Append(CultureInfo.InvariantCulture, $"<tr><td class=\"n\">{group.Count()}</td><td>{Encode(group.Key.Kind)}</td><td>{Encode(group.Key.Reason)}</td><td>{Encode(first.Client)}, round {first.Round}</td></tr>");
        }

        table.Append("</table></div>");
        return table.Append(groups.Count > MaxReasons ? $"<p class=\"note\">{groups.Count - MaxReasons} more reasons are in result.json.</p>" : "").ToString();
    }

    private static ChartSeries Series(string name, ResultDocument result, Func<RoundReport, double?> value) =>
        new(name, [.. result.Rounds.Where(round => value(round) is not null).Select(round => ((double)round.Round, value(round)!.Value))]);

    private static ChartSeries Sum(string name, ResultDocument result, Func<RoundReport, long> value)
    {
        double total = 0;
        return new ChartSeries(name, [.. result.Rounds.Select(round => ((double)round.Round, total += value(round)))]);
    }

    private static string Encode(string text) => WebUtility.HtmlEncode(text);
}
