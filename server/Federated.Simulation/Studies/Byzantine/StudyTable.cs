namespace Federated.Simulation.Studies.Byzantine;

/// <summary>The outcome of a study: a row for each rule, the best worst case first.</summary>
/// <param name="Attacks">The attacks in the order of the columns.</param>
/// <param name="Rows">The rules.</param>
/// <param name="Cells">All runs.</param>
public sealed record StudyTable(IReadOnlyList<string> Attacks, IReadOnlyList<StudyRow> Rows, IReadOnlyList<CellResult> Cells)
{
    /// <summary>Chooses the settings of every rule by their worst case.</summary>
    public static StudyTable Of(StudyPlan plan, IReadOnlyList<CellResult> cells)
    {
        ArgumentNullException.ThrowIfNull(plan);
        StudyRow[] rows =
        [
            .. cells.GroupBy(cell => cell.Key.Rule)
                .Select(rule => rule.GroupBy(cell => cell.Key.Settings).Select(settings => RowOf(plan, settings.Key, [.. settings])).MaxBy(row => row.Worst)!
                    with { Tried = rule.Select(cell => cell.Key.Settings).Distinct().Count() })
                .OrderByDescending(row => row.Worst)
                .ThenByDescending(row => row.Accuracies.Average())
                .ThenBy(row => row.Rule, StringComparer.Ordinal),
        ];
        return new StudyTable(plan.Attacks, rows, cells);
    }

    private static StudyRow RowOf(StudyPlan plan, string settings, CellResult[] cells)
    {
        double[] accuracies = [.. plan.Attacks.Select(attack => cells.Where(cell => cell.Key.Attack == attack).Average(cell => cell.Accuracy))];
        int worst = Array.IndexOf(accuracies, accuracies.Min());
        double[] backdoors = [.. cells.Select(cell => cell.BackdoorSuccess).OfType<double>()];
        return new StudyRow(settings, 1, accuracies, accuracies[worst], plan.Attacks[worst], backdoors.Length > 0 ? backdoors.Average() : null);
    }
}
