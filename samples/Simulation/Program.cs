using System.CommandLine;
using Federated.Samples.Simulation;

// Without a command the run command is meant: the bare program trains on the bundled digits.
string[] line = args.Length == 0 || (args[0].StartsWith('-') && args[0] is not ("-h" or "-?" or "--help" or "--version")) ? ["run", .. args] : args;
var root = new RootCommand("Simulates federated learning: one model trained over many virtual devices that keep their data.")
{
    RunCommand.Create(),
    CompareCommand.Create(),
    StudyCommand.Create(),
    ByzantineCommand.Create(),
    ListCommands.Algorithms(),
    ListCommands.Datasets(),
    ListCommands.Models(),
    ListCommands.Partitions(),
    ListCommands.Rules(),
    ListCommands.Attacks(),
    ListCommands.Devices(),
    ListCommands.Selections(),
    ListCommands.Prunings(),
    InitCommand.Create(),
    ExportCommand.Create(),
};
// A stopped run ends its local step, evaluates and writes its results before the process ends.
return await root.Parse(line).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromMinutes(2) });
