using System.CommandLine;
using Federated.Samples.EdgePruning;
using Federated.Simulation;
using Federated.Simulation.Exports;
using Federated.Simulation.Reports;

var model = new Option<string>("--model") { Description = "Model of the zoo that takes images and has no group normalisation", HelpName = "NAME", DefaultValueFactory = _ => "cnn" };
var dataset = new Option<string>("--dataset") { Description = "Bundled data set or path, as of the simulator", HelpName = "NAME|PATH", DefaultValueFactory = _ => "digits" };
var density = new Option<double>("--density") { Description = "Active weights as a share of those of convolutions and linear layers, in (0, 1]", HelpName = "SHARE", DefaultValueFactory = _ => 0.1 };
var rounds = new Option<int?>("--rounds") { Description = "Training rounds. Default: 60, with --quick 6", HelpName = "N" };
var quick = new Option<bool>("--quick") { Description = "A few rounds: shows the way, not the accuracy" };
var output = new Option<string>("--output") { Description = "Folder for the files", HelpName = "DIR", DefaultValueFactory = _ => "results/edge-pruning" };
var limit = new Option<int>("--device-memory") { Description = "Managed memory that the device process may take, at least 16", HelpName = "MB", DefaultValueFactory = _ => 64 };
var root = new RootCommand("Trains a pruned model over virtual clients, exports it in every format, and classifies with it in a second process that has no libtorch and little memory.")
{
    model, dataset, density, rounds, quick, output, limit,
};
root.SetAction(async (parsed, cancellationToken) =>
{
    try
    {
        int megabytes = parsed.GetValue(limit);
        if (megabytes < 16)
        {
            throw new SimulationException($"device-memory {megabytes}: expected at least 16.");
        }

        // 1. Train.
        TrainedModel trained = EdgeTraining.Run(
            parsed.GetRequiredValue(dataset),
            parsed.GetRequiredValue(model),
            parsed.GetValue(density),
            parsed.GetValue(rounds) ?? (parsed.GetValue(quick) ? 6 : 60),
            cancellationToken);

        // 2. Export, with the held-out examples for the device.
        string folder = parsed.GetRequiredValue(output);
        Directory.CreateDirectory(folder);
        string stem = Path.Combine(folder, "model"), examples = Path.Combine(folder, "examples.csv");
        IReadOnlyList<ExportedFile> files = ModelExports.Write(
            trained.Model, trained.Mask, trained.Input, stem, ModelExports.Formats.Select(format => format.Format));
        trained.WriteExamples(examples);
        Console.WriteLine(FormattableString.Invariant($"{trained.Mask.ActiveCount:N0} of {trained.Mask.PrunableCount:N0} prunable weights are active ({trained.Mask.Density:P2})"));
        foreach (ExportedFile file in files)
        {
            Console.WriteLine($"{Sizes.Text(file.Bytes),10}  {file.Path}");
        }

        // 3. The device: another process.
        string tiny = files.Single(file => file.Format == ExportFormat.FedTiny).Path;
        Console.WriteLine($"device, {megabytes} MB of managed memory:");
        return await DeviceProcess.RunAsync(tiny, examples, megabytes, cancellationToken);
    }
    catch (Exception exception) when (exception is SimulationException or ArgumentException or InvalidDataException or IOException or UnauthorizedAccessException)
    {
        await Console.Error.WriteLineAsync(exception.Message.Split(" (Parameter", StringSplitOptions.None)[0]);
        return 1;
    }
});
return await root.Parse(args).InvokeAsync();
