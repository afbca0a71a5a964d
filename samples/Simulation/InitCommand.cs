using System.CommandLine;
using Federated.Protocol.Models;
using Federated.Simulation;
using Federated.Simulation.Models;

namespace Federated.Samples.Simulation;

/// <summary><c>init</c>: an initial model with its schema, to upload to a server.</summary>
internal static class InitCommand
{
    public static Command Create()
    {
        var model = new Option<string>("--model") { Description = "Model (see 'models')", HelpName = "NAME", Required = true };
        var output = new Option<string>("--output") { Description = "File to write", HelpName = "FILE.safetensors", Required = true };
        var input = new Option<string>("--input") { Description = "What the model takes: features N, image HxW or CxHxW, characters N", HelpName = "N|HxW|CxHxW", DefaultValueFactory = _ => "28x28" };
        var classes = new Option<int>("--classes") { Description = "Classes; for text the number of symbols", HelpName = "N", DefaultValueFactory = _ => 10 };
        var modelOption = new Option<string[]>("--model-option") { Description = "Choice inside the model, such as norm=group; may be repeated", HelpName = "NAME=VALUE" };
        var seed = new Option<ulong>("--seed") { Description = "Decides the initial parameters", HelpName = "SEED", DefaultValueFactory = _ => 1UL };
        var synflow = new Option<double?>("--synflow") { Description = "Leaves this share of the weights, chosen by SynFlow, and sets the others to zero, for a job with the pruning method synflow", HelpName = "DENSITY" };
        var command = new Command("init", "Writes an initial model with its schema as safetensors, to upload to a server.") { model, output, input, classes, modelOption, seed, synflow };
        command.SetAction(parsed =>
        {
            try
            {
                string name = parsed.GetRequiredValue(model);
                ModelShape shape = ShapeOf(name, parsed.GetRequiredValue(input), parsed.GetValue(classes));
                Dictionary<string, string> choices = (parsed.GetValue(modelOption) ?? [])
                    .Select(pair => pair.Split('=', 2))
                    .ToDictionary(pair => pair[0], pair => pair.Length == 2 ? pair[1] : "", StringComparer.Ordinal);
                ModelDefinition definition = ModelZoo.Create(name, shape, parsed.GetValue(classes), ModelOptions.Parse(choices));
                ModelContent content = definition.Initialise(parsed.GetValue(seed));
                if (parsed.GetValue(synflow) is { } density)
                {
                    definition.MaskBySynFlow(content, density).Apply(content.Parameters);
                }

                string path = parsed.GetRequiredValue(output);
                File.WriteAllBytes(path, ModelFile.Write(content));
                Console.WriteLine(FormattableString.Invariant(
                    $"{Path.GetFullPath(path)}: {name}, {content.Schema.ParameterCount:N0} parameters in {content.Schema.Tensors.Length} tensors, schema {content.Schema.HashText}"));
                return 0;
            }
            catch (Exception exception) when (exception is SimulationException or ArgumentException or IOException or UnauthorizedAccessException)
            {
                Console.Error.WriteLine(exception.Message.Split(" (Parameter", StringSplitOptions.None)[0]);
                return 1;
            }
        });
        return command;
    }

    private static ModelShape ShapeOf(string model, string input, int classes)
    {
        if (classes < 2)
        {
            throw new SimulationException($"classes {classes}: expected at least 2.");
        }

        return InputText.Parse(input) switch
        {
            [int length] => model == "charlstm" ? ModelShape.Text(length, classes) : ModelShape.Flat(length),
            int[] sizes => ModelShape.Image(sizes[0], sizes[1], sizes[2]),
        };
    }
}
