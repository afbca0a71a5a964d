using System.Globalization;
using System.Net;
using System.Text;
using Federated.Simulation.Reports;

namespace Federated.Simulation.Studies.Byzantine;

/// <summary>The heat map of a study as one page that opens offline.</summary>
internal static class HeatMapPage
{
    private const string Style = """
        <style>.heat td.c { text-align:center; padding:6px 8px; border:2px solid var(--card); font-size:.86rem; white-space:nowrap } .heat td.w { font-weight:700; border-left:10px solid var(--card) }
        .heat th.a { writing-mode:vertical-rl; transform:rotate(200deg); padding:4px 0 } .heat th.r { white-space:nowrap; color:var(--ink) }</style>
        """;

    public static string Render(string title, string lead, StudyTable table)
    {
        double best = table.Rows.Max(row => row.Accuracies.Max());
        var body = new StringBuilder(Style);
        body.Append(CultureInfo.InvariantCulture, $"<h1>{WebUtility.HtmlEncode(title)}</h1><p class=\"lead\">{WebUtility.HtmlEncode(lead)}</p>");
        body.Append("<section class=\"card\"><h2>Accuracy on the held-out examples in %, by rule and attack</h2><div class=\"scroll\"><table class=\"heat\"><tr><th></th>");
        foreach (string attack in table.Attacks)
        {
            body.Append(CultureInfo.InvariantCulture, $"<th class=\"a\">{WebUtility.HtmlEncode(attack)}</th>");
        }

        body.Append("<th class=\"a\">worst case</th><th>its attack</th><th class=\"n\">backdoor opens</th></tr>");
        foreach (StudyRow row in table.Rows)
        {
            body.Append(CultureInfo.InvariantCulture, $"<tr><th class=\"r\">{WebUtility.HtmlEncode(row.Rule)}</th>");
            for (int i = 0; i < row.Accuracies.Count; i++)
            {
                Cell(body, "c", row.Accuracies[i], best, $"{row.Rule} under {table.Attacks[i]}");
            }

            Cell(body, "c w", row.Worst, best, $"{row.Rule}, worst case");
            body.Append(CultureInfo.InvariantCulture, $"<td>{WebUtility.HtmlEncode(row.WorstAttack)}</td><td class=\"n\">{(row.BackdoorSuccess is { } success ? success.ToString("P1", CultureInfo.InvariantCulture) : "")}</td></tr>");
        }

        body.Append("</table></div><p class=\"note\">Rules with several settings are shown with those whose worst case is best.</p></section>");
        return HtmlPage.Render(title, body.ToString());
    }

    private static void Cell(StringBuilder body, string style, double value, double best, string hint)
    {
        double share = value / best;
        body.Append(CultureInfo.InvariantCulture, $"<td class=\"{style}\" style=\"background:{HeatColours.Of(share)};color:{(HeatColours.IsDark(share) ? "#fff" : "#111")}\" title=\"{WebUtility.HtmlEncode(hint)}\">{value * 100:0.0}</td>");
    }
}
