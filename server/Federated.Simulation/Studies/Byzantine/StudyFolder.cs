using System.Globalization;
using System.Text;
using Federated.Simulation.Engine;

namespace Federated.Simulation.Studies.Byzantine;

/// <summary>Writes what a study found: <c>table.md</c>, <c>cells.csv</c>, <c>heatmap.png</c> and <c>heatmap.html</c>.</summary>
public static class StudyFolder
{
    /// <summary>Writes every file; those of an earlier study are replaced.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="dataset">Name of the data set.</param>
    /// <param name="plan">What was run.</param>
    /// <param name="table">What came of it.</param>
    public static void Write(string folder, string dataset, StudyPlan plan, StudyTable table)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(table);
        Directory.CreateDirectory(folder);
        SimulationRequest request = plan.Request;
        string title = $"{request.Job.Model} on {dataset}: {request.Byzantine} of {request.Clients} clients attack";
        string lead = FormattableString.Invariant(
            $"{request.Job.Rounds} rounds, partition {request.Partition}, {(request.Job.Local.Steps > 0 ? $"{request.Job.Local.Steps} local steps" : $"{request.Job.Local.Epochs} local epochs")} of {request.Job.Local.BatchSize} examples at rate {request.Job.Local.LearningRate}, seeds {string.Join(", ", plan.Seeds)}");
        File.WriteAllText(Path.Combine(folder, "table.md"), Markdown(table));
        File.WriteAllText(Path.Combine(folder, "cells.csv"), Csv(table));
        File.WriteAllText(Path.Combine(folder, "heatmap.html"), HeatMapPage.Render(title, lead, table), Encoding.UTF8);
        HeatMapPlot.Save(Path.Combine(folder, "heatmap.png"), title, table);
    }

    private static string Markdown(StudyTable table)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"| rule | worst case | its attack | {string.Join(" | ", table.Attacks)} | backdoor opens |\n");
        text.Append(CultureInfo.InvariantCulture, $"|---|---|---|{string.Concat(Enumerable.Repeat("---|", table.Attacks.Count))}---|\n");
        foreach (StudyRow row in table.Rows)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {row.Rule} | **{row.Worst * 100:0.0}** | {row.WorstAttack} | {string.Join(" | ", row.Accuracies.Select(Percent))} | {(row.BackdoorSuccess is { } success ? Percent(success) : "")} |\n");
        }

        return text.ToString();
    }

    private static string Csv(StudyTable table)
    {
        var csv = new StringBuilder("rule,settings,server_rate,attack,seed,accuracy,backdoor_success,end,seconds\n");
        foreach (CellResult cell in table.Cells)
        {
            csv.Append(CultureInfo.InvariantCulture, $"{cell.Key.Rule},\"{cell.Key.Text}\",{cell.Key.ServerLearningRate},\"{cell.Key.Attack}\",{cell.Key.Seed},{cell.Accuracy},{cell.BackdoorSuccess},{cell.End},{cell.Seconds}\n");
        }

        return csv.ToString();
    }

    private static string Percent(double share) => (share * 100).ToString("0.0", CultureInfo.InvariantCulture);
}
