using System.Globalization;
using Federated.Simulation.Engine;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Federated.Samples.Simulation;

/// <summary>A panel that is redrawn while the simulation runs.</summary>
internal static class LiveProgress
{
    private static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(200);
    private const string Steps = "▁▂▃▄▅▆▇█";

    public static async Task<SimulationOutcome> RunAsync(SimulationSetup setup, CancellationToken cancellationToken)
    {
        var figures = new ProgressFigures(setup.Request.Job.Rounds);
        Task<SimulationOutcome> run = Task.Run(() => new Simulator(setup, figures).Run(cancellationToken), CancellationToken.None);
        await AnsiConsole.Live(Render(figures.Read(), stopping: false)).StartAsync(async context =>
        {
            while (!run.IsCompleted)
            {
                context.UpdateTarget(Render(figures.Read(), cancellationToken.IsCancellationRequested));
                await Task.WhenAny(run, Task.Delay(Refresh, TimeProvider.System, CancellationToken.None));
            }

            context.UpdateTarget(Render(figures.Read(), stopping: false));
        });
        return await run;
    }

    private static Panel Render(ProgressSnapshot now, bool stopping)
    {
        const int Width = 44;
        double share = now.Rounds == 0 ? 0 : (now.Round + (now.ClientsTotal > 0 ? (double)now.ClientsDone / now.ClientsTotal : 0)) / now.Rounds;
        int filled = Math.Clamp((int)(share * Width), 0, Width);
        var grid = new Grid().AddColumn(new GridColumn().NoWrap().PadRight(2)).AddColumn();
        grid.AddRow("[grey]round[/]", $"[bold]{now.Round}[/] of {now.Rounds}  [blue]{new string('━', filled)}[/][grey]{new string('━', Width - filled)}[/]");
        grid.AddRow("[grey]accuracy[/]", $"[bold green]{Percent(now.Accuracy)}[/]  [green]{Spark(now.Accuracies, Width)}[/]");
        grid.AddRow("[grey]loss[/]", $"{Figure(now.Loss)}  [grey]training {Figure(now.TrainingLoss)}[/]");
        grid.AddRow("[grey]clients[/]", $"{now.ClientsDone} of {now.ClientsTotal} in this round  [grey]last round {now.Counted} of {now.Selected} counted, {now.Failures} failures in all[/]");
        grid.AddRow("[grey]bytes[/]", now.Bytes);
        grid.AddRow("[grey]time[/]", $"{Time(now.Elapsed)}, {(now.Left is { } left ? Time(left) : "?")} left");
        IRenderable content = stopping ? new Rows(grid, new Markup("[yellow]stopping; writing what there is[/]")) : grid;
        return new Panel(content).Header("[bold] federated simulation [/]").RoundedBorder().BorderColor(Color.Grey);
    }

    private static string Spark(IReadOnlyList<double> values, int width) =>
        string.Concat(values.Skip(Math.Max(0, values.Count - width)).Select(value => Steps[Math.Clamp((int)(value * Steps.Length), 0, Steps.Length - 1)]));

    private static string Percent(double? value) => value?.ToString("P2", CultureInfo.InvariantCulture) ?? "-";

    private static string Figure(double? value) => value?.ToString("0.0000", CultureInfo.InvariantCulture) ?? "-";

    private static string Time(TimeSpan time) => time.ToString(@"h\:mm\:ss", CultureInfo.InvariantCulture);
}
