using System.Globalization;
using System.Net;
using System.Text;
using Federated.Simulation.Engine;
using Federated.Simulation.Reports;

namespace Federated.Simulation.Studies;

/// <summary>Writes what a study found: <c>study.md</c>, <c>study.csv</c> with a row for each run, <c>study.html</c> and charts as PNG.</summary>
public static class StudyReport
{
    /// <summary>Headings of <see cref="Rows"/>.</summary>
    public static IReadOnlyList<string> Headings { get; } =
        ["group", "arm", "reached", "rounds", "bytes", "gradients", "client-seconds", "simulated seconds", "bytes up in all", "best accuracy", "final accuracy"];

    /// <summary>The table: a row for each arm; medians over seeds with the ends.</summary>
    public static IReadOnlyList<string[]> Rows(IReadOnlyList<ArmSummary> summaries) =>
    [
        .. summaries.Select(summary => (string[])
        [
            summary.Arm.Group,
            summary.Arm.Name,
            string.Create(CultureInfo.InvariantCulture, $"{summary.Reached} of {summary.Runs}"),
            summary.Rounds.Text(rounds => rounds.ToString("0", CultureInfo.InvariantCulture)),
            summary.Bytes.Text(bytes => Sizes.Text((long)bytes)),
            summary.Gradients.Text(Thousands),
            summary.ClientSeconds?.Text(Seconds) ?? "-",
            summary.SimulatedSeconds?.Text(Seconds) ?? "-",
            summary.BytesUp.Text(bytes => Sizes.Text((long)bytes)),
            summary.Best.Text(Percent),
            summary.Final.Text(Percent),
        ]),
    ];

    /// <summary>Headings of <see cref="CostRows"/>.</summary>
    public static IReadOnlyList<string> CostHeadings { get; } =
        ["group", "arm", "late accuracy", "bytes up", "bytes down", "multiply-adds", "of a device's dearest round", "state", "activations", "peak memory"];

    /// <summary>What sparse models save: a row for each arm.</summary>
    public static IReadOnlyList<string[]> CostRows(IReadOnlyList<ArmSummary> summaries) =>
    [
        .. summaries.Select(summary => (string[])
        [
            summary.Arm.Group,
            summary.Arm.Name,
            summary.Late.Text(Percent),
            summary.BytesUp.Text(Bytes),
            summary.BytesDown.Text(Bytes),
            summary.Macs?.Text(Millions) ?? "-",
            summary.MacsOfRound?.Text(Millions) ?? "-",
            summary.StateBytes?.Text(Bytes) ?? "-",
            summary.ActivationBytes?.Text(Bytes) ?? "-",
            summary.PeakBytes.Text(Bytes),
        ]),
    ];

    /// <summary>Writes every file.</summary>
    /// <param name="folder">The study's folder.</param>
    /// <param name="study">The study.</param>
    /// <param name="runs">Its runs.</param>
    public static void Write(string folder, Study study, IReadOnlyList<StudyRun> runs)
    {
        ArgumentNullException.ThrowIfNull(study);
        IReadOnlyList<ArmSummary> summaries = ArmSummary.Of(study, runs);
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "study.md"), Markdown(study, summaries));
        File.WriteAllText(Path.Combine(folder, "study.csv"), Csv(study, runs));
        File.WriteAllText(Path.Combine(folder, "study.html"), Html(study, summaries, runs), Encoding.UTF8);
        foreach (string group in study.Arms.Select(arm => arm.Group).Distinct(StringComparer.Ordinal))
        {
            string name = string.Concat(group.ToLowerInvariant().Select(character => char.IsAsciiLetterOrDigit(character) ? character : '-'));
            StudyPlot.Save(Path.Combine(folder, $"{name}-rounds.png"), $"{study.Name}, {group}", "round", Curves(study, runs, group, round => 1));
            StudyPlot.Save(Path.Combine(folder, $"{name}-gradients.png"), $"{study.Name}, {group}", "gradients (thousands)", Curves(study, runs, group, round => round.Gradients / 1000.0));
            StudyPlot.Save(Path.Combine(folder, $"{name}-bytes.png"), $"{study.Name}, {group}", "bytes up (thousands)", Curves(study, runs, group, round => round.BytesUp / 1000.0));
            if (HasDevices(runs))
            {
                StudyPlot.Save(Path.Combine(folder, $"{name}-seconds.png"), $"{study.Name}, {group}", "simulated seconds", Curves(study, runs, group, SecondsOfRounds()));
            }
        }
    }

    private static bool HasDevices(IReadOnlyList<StudyRun> runs) => runs.All(run => run.Result.SimulatedSeconds is not null);

    /// <summary>The seconds of each round: times are told from the start of a run.</summary>
    private static Func<RoundReport, double> SecondsOfRounds()
    {
        double last = 0;
        return round =>
        {
            double began = round.Round == 1 ? 0 : last;
            last = round.SimulatedSeconds ?? 0;
            return last - began;
        };
    }

    /// <summary>Accuracy against a cost that adds up over rounds, the median over seeds, one line for each arm of a group.</summary>
    private static List<ChartSeries> Curves(Study study, IReadOnlyList<StudyRun> runs, string group, Func<RoundReport, double> cost) =>
    [
        .. study.Arms.Where(arm => arm.Group == group).Select(arm => new ChartSeries(arm.Name, Curve([.. runs.Where(run => run.Arm == arm)], cost))),
    ];

    private static List<(double X, double Y)> Curve(IReadOnlyList<StudyRun> runs, Func<RoundReport, double> cost)
    {
        var points = new SortedDictionary<int, List<(double X, double Y)>>();
        foreach (StudyRun run in runs)
        {
            double spent = 0;
            foreach (RoundReport round in run.Result.Rounds)
            {
                spent += cost(round);
                if (round.Accuracy is { } accuracy)
                {
                    points.TryAdd(round.Round, []);
                    points[round.Round].Add((spent, accuracy));
                }
            }
        }

        return [.. points.Values.Select(at => (Spread.Of(at.Select(point => point.X)).Median, Spread.Of(at.Select(point => point.Y)).Median))];
    }

    private static string Markdown(Study study, IReadOnlyList<ArmSummary> summaries)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{study.Question}\n\n{Terms(study, summaries)}\n\n");
        Table(text, Headings, Rows(summaries));
        string[] groups = [.. study.Arms.Select(arm => arm.Group).Distinct(StringComparer.Ordinal)];
        if (groups.Length > 1)
        {
            string[] names = [.. study.Arms.Select(arm => arm.Name).Distinct(StringComparer.Ordinal)];
            text.Append("\nBest accuracy of a run:\n\n");
            Matrix(text, groups, names, summaries, summary => summary.Best.Text(Percent));
            text.Append("\nFinal accuracy of a run:\n\n");
            Matrix(text, groups, names, summaries, summary => summary.Final.Text(Percent));
            text.Append(CultureInfo.InvariantCulture, $"\nMean accuracy of a run's last {ArmSummary.LateEvaluations} evaluations:\n\n");
            Matrix(text, groups, names, summaries, summary => summary.Late.Text(Percent));
            text.Append("\nBytes up of a run:\n\n");
            Matrix(text, groups, names, summaries, summary => summary.BytesUp.Text(bytes => Sizes.Text((long)bytes)));
        }

        if (study.Arms.Any(arm => arm.Request.Job.Pruning.IsActive))
        {
            text.Append("\nCosts of a run; multiply-adds, state and activations are counted, peak memory is that of the process, data included:\n\n");
            Table(text, CostHeadings, CostRows(summaries));
        }

        return text.ToString();
    }

    private static void Matrix(StringBuilder text, string[] groups, string[] names, IReadOnlyList<ArmSummary> summaries, Func<ArmSummary, string> figure)
    {
        string Cell(string group, string name) => summaries.FirstOrDefault(summary => summary.Arm.Group == group && summary.Arm.Name == name) is { } summary ? figure(summary) : "";
        Table(text, ["group", .. names], [.. groups.Select(group => (string[])[group, .. names.Select(name => Cell(group, name))])]);
    }

    private static string Terms(Study study, IReadOnlyList<ArmSummary> summaries)
    {
        string seeds = summaries.All(summary => summary.Runs == study.Seeds.Count) ? $"{study.Seeds.Count} seeds" : $"up to {study.Seeds.Count} seeds";
        IEnumerable<string> targets = study.Arms.Select(arm => arm.Target ?? study.Target).Distinct().Select(Percent);
        return $"Target accuracy {string.Join(" and ", targets)}; {seeds}; median (least to most).";
    }

    private static void Table(StringBuilder text, IReadOnlyList<string> headings, IReadOnlyList<string[]> rows)
    {
        text.Append(CultureInfo.InvariantCulture, $"| {string.Join(" | ", headings)} |\n|{string.Concat(headings.Select(_ => "---|"))}\n");
        foreach (string[] row in rows)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {string.Join(" | ", row)} |\n");
        }
    }

    private static string Csv(Study study, IReadOnlyList<StudyRun> runs)
    {
        double TargetOf(StudyRun run) => run.Arm.Target ?? study.Target;
        var csv = new StringBuilder("group,arm,seed,end,rounds,rounds_to_target,bytes_up,bytes_down,gradients,client_seconds,simulated_seconds,simulated_seconds_to_target,best_accuracy,late_accuracy,final_accuracy,seconds,macs,state_bytes,activation_bytes,peak_bytes\n");
        foreach (StudyRun run in runs)
        {
            csv.Append(
                CultureInfo.InvariantCulture,
                $"{run.Arm.Group},{run.Arm.Name},{run.Seed},{run.Result.End},{run.Result.Rounds.Count},{ArmSummary.RoundOf(run, TargetOf(run))},{run.Result.BytesUp},{run.Result.BytesDown},{run.Result.Rounds.Sum(round => round.Gradients)},{run.Result.ClientSeconds:0.0},{run.Result.SimulatedSeconds:0.0},{TimeOf(run, TargetOf(run)):0.0},{run.Result.Rounds.Max(round => round.Accuracy)},{ArmSummary.LateOf(run)},{run.Result.Final.Accuracy},{run.Result.Timings.TotalSeconds:0.0},{run.Result.Costs?.Macs},{run.Result.Costs?.State.Total},{run.Result.Costs?.ActivationBytes},{run.Result.Timings.PeakBytes}\n");
        }

        return csv.ToString();
    }

    private static double? TimeOf(StudyRun run, double target) =>
        ArmSummary.RoundOf(run, target) is { } reached ? run.Result.Rounds.First(round => round.Round == reached).SimulatedSeconds : null;

    private static string Html(Study study, IReadOnlyList<ArmSummary> summaries, IReadOnlyList<StudyRun> runs)
    {
        var body = new StringBuilder();
        body.Append(CultureInfo.InvariantCulture, $"<h1>Study: {WebUtility.HtmlEncode(study.Name)}</h1><p class=\"lead\">{WebUtility.HtmlEncode(study.Question)}</p>");
        body.Append(CultureInfo.InvariantCulture, $"<section class=\"card\"><p class=\"note\">{Terms(study, summaries)}</p><div class=\"scroll\"><table><tr>");
        body.AppendJoin("", Headings.Select(heading => $"<th>{WebUtility.HtmlEncode(heading)}</th>"));
        foreach (string[] row in Rows(summaries))
        {
            body.Append("</tr><tr>").AppendJoin("", row.Select(cell => $"<td>{WebUtility.HtmlEncode(cell)}</td>"));
        }

        body.Append("</tr></table></div></section>");
        foreach (string group in study.Arms.Select(arm => arm.Group).Distinct(StringComparer.Ordinal))
        {
            body.Append("<div class=\"grid2\">");
            body.Append(CultureInfo.InvariantCulture, $"<section class=\"card\"><h2>{WebUtility.HtmlEncode(group)}: accuracy by rounds</h2>{SvgLineChart.Render("Accuracy by rounds", "%", Curves(study, runs, group, _ => 1), 0, 1)}</section>");
            body.Append(CultureInfo.InvariantCulture, $"<section class=\"card\"><h2>{WebUtility.HtmlEncode(group)}: accuracy by computation</h2>{SvgLineChart.Render("Accuracy by gradients", "%", Curves(study, runs, group, round => round.Gradients / 1000.0), 0, 1, "thousand gradients")}</section></div>");
            body.Append(CultureInfo.InvariantCulture, $"<section class=\"card\"><h2>{WebUtility.HtmlEncode(group)}: accuracy by bytes up</h2>{SvgLineChart.Render("Accuracy by bytes up", "%", Curves(study, runs, group, round => round.BytesUp / 1000.0), 0, 1, "thousand bytes up")}</section>");
            if (HasDevices(runs))
            {
                body.Append(CultureInfo.InvariantCulture, $"<section class=\"card\"><h2>{WebUtility.HtmlEncode(group)}: accuracy by time</h2>{SvgLineChart.Render("Accuracy by simulated seconds", "%", Curves(study, runs, group, SecondsOfRounds()), 0, 1, "simulated seconds")}</section>");
            }
        }

        return HtmlPage.Render($"Study: {study.Name}", body.ToString());
    }

    private static string Seconds(double seconds) => seconds.ToString("#,0", CultureInfo.InvariantCulture);

    private static string Percent(double share) => share.ToString("0.0%", CultureInfo.InvariantCulture);

    private static string Bytes(double bytes) => Sizes.Text(bytes);

    private static string Millions(double number) => string.Create(CultureInfo.InvariantCulture, $"{number / 1e6:#,0} M");

    private static string Thousands(double number) => string.Create(CultureInfo.InvariantCulture, $"{number / 1000:#,0} k");
}
