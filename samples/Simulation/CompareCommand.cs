using System.CommandLine;
using Federated.Simulation;
using Federated.Simulation.Reports;
using Spectre.Console;

namespace Federated.Samples.Simulation;

/// <summary><c>compare</c>: one table and one chart of several results.</summary>
internal static class CompareCommand
{
    public static Command Create()
    {
        var folders = new Argument<string[]>("DIR") { Description = "Result folders", Arity = ArgumentArity.OneOrMore };
        var output = new Option<string>("--output") { Description = "Folder for comparison.png and comparison.html", HelpName = "DIR", DefaultValueFactory = _ => "." };
        var command = new Command("compare", "Compares results: one table, and one chart as PNG and HTML.") { folders, output };
        command.SetAction(parsed =>
        {
            try
            {
                IReadOnlyList<(string Name, ResultDocument Result)> results = Comparison.Read(parsed.GetRequiredValue(folders));
                var table = new Table().RoundedBorder();
                foreach (string heading in Comparison.Headings)
                {
                    table.AddColumn(heading);
                }

                foreach ((string name, ResultDocument result) in results)
                {
                    table.AddRow([.. Comparison.Cells(name, result).Select(Markup.Escape)]);
                }

                AnsiConsole.Profile.Width = Math.Max(AnsiConsole.Profile.Width, 150);
                AnsiConsole.Write(table);
                string folder = parsed.GetRequiredValue(output);
                Comparison.Write(folder, results);
                Console.WriteLine($"Chart: {Path.GetFullPath(Path.Combine(folder, "comparison.png"))} and comparison.html");
                return 0;
            }
            catch (SimulationException exception)
            {
                Console.Error.WriteLine(exception.Message);
                return 1;
            }
        });
        return command;
    }
}
