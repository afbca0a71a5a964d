using System.CommandLine;
using Federated.Simulation;
using Federated.Simulation.Studies;
using Spectre.Console;

namespace Federated.Samples.Simulation;

/// <summary><c>study</c>: a named comparison over seeds.</summary>
internal static class StudyCommand
{
    private const int Failed = 1, Stopped = 130;

    public static Command Create()
    {
        var name = new Argument<string>("STUDY") { Description = "What to compare: " + string.Join(", ", StudyCatalog.All.Select(study => study.Name)) };
        var quick = new Option<bool>("--quick") { Description = "A smaller study of the same question, minutes on two cores" };
        var resume = new Option<bool>("--resume") { Description = "Takes over the whole runs that are in the output folder" };
        var dataset = new Option<string>("--dataset") { Description = "Bundled data set or path; the studies are made for the MNIST family", HelpName = "NAME|PATH", DefaultValueFactory = _ => "../data/fashion-mnist" };
        var output = new Option<string?>("--output") { Description = "Folder for table, charts and runs. Default: results/study-STUDY, with -quick", HelpName = "DIR" };
        var workers = new Option<int>("--workers") { Description = "Training threads. Default: the number of cores", HelpName = "THREADS", DefaultValueFactory = _ => Environment.ProcessorCount };
        var only = new Option<string?>("--only") { Description = "Only arms whose group and name contain this, such as 'resnet18:16 density 0.01'. Default: all", HelpName = "TEXT" };
        var seeds = new Option<ulong[]>("--seeds") { Description = "Only these seeds of the study. Default: all", HelpName = "SEED", AllowMultipleArgumentsPerToken = true };
        var command = new Command("study", "Runs a comparison over seeds and writes a table, charts and every run.") { name, quick, resume, dataset, output, workers, only, seeds };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            try
            {
                Study whole = StudyCatalog.Find(parsed.GetRequiredValue(name)).Create(parsed.GetValue(quick), parsed.GetRequiredValue(dataset));
                Study part = whole.Part(parsed.GetValue(only), parsed.GetValue(seeds) ?? []);
                string folder = parsed.GetValue(output) ?? Path.Combine("results", $"study-{whole.Name}{(parsed.GetValue(quick) ? "-quick" : "")}");
                Console.WriteLine(whole.Question);
                var runner = new StudyRunner(part, folder, parsed.GetValue(workers));
                await Task.Run(() => runner.Run(parsed.GetValue(resume), Console.WriteLine, cancellationToken), CancellationToken.None);

                // A part adds to what the folder has of the whole.
                (Study study, IReadOnlyList<StudyRun> runs) = runner.Gather(whole);
                StudyReport.Write(folder, study, runs);
                IReadOnlyList<ArmSummary> summaries = ArmSummary.Of(study, runs);
                Print(StudyReport.Headings, StudyReport.Rows(summaries));
                if (study.Arms.Any(arm => arm.Request.Job.Pruning.IsActive))
                {
                    Print(StudyReport.CostHeadings, StudyReport.CostRows(summaries));
                }

                Console.WriteLine($"Results: {Path.GetFullPath(folder)}");
                return 0;
            }
            catch (OperationCanceledException)
            {
                await Console.Error.WriteLineAsync("Stopped; --resume goes on with the runs that are missing.");
                return Stopped;
            }
            catch (Exception exception) when (exception is SimulationException or NotSupportedException or IOException or UnauthorizedAccessException)
            {
                await Console.Error.WriteLineAsync(exception.Message);
                return Failed;
            }
        });
        return command;
    }

    private static void Print(IReadOnlyList<string> headings, IReadOnlyList<string[]> rows)
    {
        var table = new Table().RoundedBorder();
        foreach (string heading in headings)
        {
            table.AddColumn(heading);
        }

        foreach (string[] row in rows)
        {
            table.AddRow([.. row.Select(Markup.Escape)]);
        }

        AnsiConsole.Profile.Width = Math.Max(AnsiConsole.Profile.Width, 180);
        AnsiConsole.Write(table);
    }
}
