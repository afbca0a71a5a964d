using System.Globalization;
using System.Net;
using System.Text;
using Federated.Simulation.Engine;

namespace Federated.Simulation.Reports;

/// <summary>
/// How the aggregation rule judged each client in each round, as inline SVG: a row for a client, a column for a round, darker for less trusted. Measures of different
/// rounds cannot be compared, so a cell shows the rank within its round.
/// </summary>
internal static class SvgTrustChart
{
    private const double Width = 1000, RowHeight = 16, Left = 130;
    private const int MaxClients = 60, MaxRounds = 120;

    public static string Render(IReadOnlyList<RoundReport> rounds)
    {
        RoundReport[] judged = [.. rounds.Where(round => round.Scores.Count > 0)];
        if (judged.Length == 0)
        {
            return "<p class=\"empty\">The mean judges nobody.</p>";
        }

        RoundReport[] shown = judged.Length <= MaxRounds ? judged : [.. Enumerable.Range(0, MaxRounds).Select(i => judged[(int)((long)i * judged.Length / MaxRounds)])];
        Dictionary<string, double>[] ranks = [.. shown.Select(Ranks)];
        HashSet<string> attackers = [.. judged.SelectMany(round => round.Scores).Where(score => score.Byzantine).Select(score => score.Client)];
        string[] clients =
        [
            .. ranks.SelectMany(round => round.Keys).Distinct()
                .OrderByDescending(attackers.Contains)
                .ThenBy(client => ranks.Where(round => round.ContainsKey(client)).Average(round => round[client]))
                .ThenBy(client => client, StringComparer.Ordinal)
                .Take(MaxClients),
        ];
        double cell = (Width - Left) / shown.Length;
        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg viewBox=\"0 0 {Width} {(clients.Length * RowHeight) + 20}\" role=\"img\" aria-label=\"Trust by client and round\">");
        for (int row = 0; row < clients.Length; row++)
        {
            string client = clients[row];
            string name = WebUtility.HtmlEncode(client) + (attackers.Contains(client) ? " (attacker)" : "");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left - 8}\" y=\"{(row * RowHeight) + 12}\" text-anchor=\"end\">{name}</text>");
            for (int column = 0; column < shown.Length; column++)
            {
                if (ranks[column].TryGetValue(client, out double rank))
                {
                    ClientScore score = shown[column].Scores.First(score => score.Client == client);
                    svg.Append(CultureInfo.InvariantCulture, $"<rect x=\"{Left + (column * cell):F1}\" y=\"{row * RowHeight}\" width=\"{Math.Max(1, cell - 1):F1}\" height=\"{RowHeight - 1}\" style=\"fill:var(--series-0);opacity:{1 - (0.9 * rank):F2}\">");
                    svg.Append(CultureInfo.InvariantCulture, $"<title>{name}, round {shown[column].Round}: trust {score.Trust:G4}{(score.Coefficient is { } share ? string.Create(CultureInfo.InvariantCulture, $", coefficient {share:G4}") : "")}</title></rect>");
                }
            }
        }

        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"axis\" x=\"{Width}\" y=\"{(clients.Length * RowHeight) + 15}\" text-anchor=\"end\">rounds {shown[0].Round} to {shown[^1].Round}; dark: least trusted of its round</text>");
        return svg.Append("</svg>").ToString();
    }

    /// <summary>0 for the least trusted of the round, 1 for the most; equal measures share the middle of their places.</summary>
    private static Dictionary<string, double> Ranks(RoundReport round)
    {
        double[] sorted = [.. round.Scores.Select(score => score.Trust).Order()];
        double last = Math.Max(1, sorted.Length - 1);
        return round.Scores.ToDictionary(
            score => score.Client,
            score => (Array.IndexOf(sorted, score.Trust) + Array.LastIndexOf(sorted, score.Trust)) / 2.0 / last,
            StringComparer.Ordinal);
    }
}
