using System.Globalization;
using Federated.Simulation.Engine;
using Federated.Simulation.Reports;
using Spectre.Console;

namespace Federated.Samples.Simulation;

/// <summary>The table at the end of a run.</summary>
internal static class Summary
{
    public static void Write(ResultDocument result, string folder)
    {
        var table = new Table().RoundedBorder().HideHeaders().AddColumn("").AddColumn("");
        foreach ((string name, string value) in Rows(result))
        {
            table.AddRow(Markup.Escape(name), Markup.Escape(value));
        }

        AnsiConsole.Write(table);
        // Written without wrapping, so that a path can be copied.
        Console.WriteLine($"Results: {Path.GetFullPath(folder)}");
    }

    private static IEnumerable<(string Name, string Value)> Rows(ResultDocument result)
    {
        CultureInfo culture = CultureInfo.InvariantCulture;
        yield return ("ended", result.End switch
        {
            SimulationEnd.TargetReached => $"target accuracy reached in round {result.RoundsToTarget}",
            SimulationEnd.Cancelled => "stopped by the user",
            SimulationEnd.Abandoned => "too many rounds in a row were abandoned",
            SimulationEnd.Diverged => "the model diverged",
            _ => "all rounds done",
        });
        yield return ("accuracy", result.Final.Accuracy?.ToString("0.0000", culture) ?? "none");
        yield return ("best accuracy", result.Rounds.Max(round => round.Accuracy)?.ToString("0.0000", culture) ?? "none");
        yield return ("loss", result.Final.Loss?.ToString("0.0000", culture) ?? "none");
        yield return ("rounds", result.Rounds.Count.ToString(culture));
        if (result.SimulatedSeconds is { } seconds)
        {
            yield return ("simulated time", string.Create(
                culture, $"{seconds:#,0.0} s{(result.SimulatedSecondsToTarget is { } reached ? $" ({reached:#,0.0} s to the target)" : "")}, devices busy for {result.ClientSeconds ?? 0:#,0.0} s"));
        }

        if (result.Staleness.Count > 0)
        {
            double mean = result.Staleness.Select((count, staleness) => (double)count * staleness).Sum() / result.Staleness.Sum();
            yield return ("staleness", string.Create(culture, $"{mean:0.0} versions on average, {result.Staleness.Count - 1} at most"));
        }

        yield return ("bytes", $"{Sizes.Text(result.BytesUp)} up, {Sizes.Text(result.BytesDown)} down");
        if (result.Pruning is { } pruning)
        {
            yield return ("active weights", string.Create(
                culture, $"{pruning.Active:#,0} of {pruning.Prunable:#,0}, mask {pruning.MaskEpoch} {pruning.MaskSha256[..16]}…, from candidate {pruning.Candidates.Chosen + 1} of {pruning.Candidates.Candidates.Count}"));
        }

        yield return ("failures", result.Failures.Count == 0 ? "none" : string.Join(", ", result.Failures.GroupBy(failure => failure.Kind).Select(group => $"{group.Count()} {group.Key}")));
        yield return ("model SHA-256", result.Final.ModelSha256[..16] + "…");
        if (result.Tree is { } tree)
        {
            yield return ("tree", string.Join(", ", tree.Nodes.Select(node =>
                $"{node.NodeId} {node.Role.ToString().ToLowerInvariant()} with {node.Leaves} leaves for {node.Clients} clients")));
            yield return ("aggregation", string.Create(
                culture,
                $"leaves {tree.Figures.LeafSeconds:0.000} s, middles {tree.Figures.MiddleSeconds:0.000} s, top {tree.Figures.TopSeconds:0.000} s; {Sizes.Text(tree.Figures.BytesInside)} inside nodes, {Sizes.Text(tree.Figures.BytesBetween)} between them{(tree.Figures.BytesOfFirstPass > 0 ? $", {Sizes.Text(tree.Figures.BytesOfFirstPass)} of it before the sums" : "")}"));
        }

        yield return ("time", string.Create(culture, $"{result.Timings.TotalSeconds:0.0} s, {result.Timings.ClientUpdatesPerSecond:0.0} client updates a second, peak memory {Sizes.Text(result.Timings.PeakBytes)}"));
    }
}
