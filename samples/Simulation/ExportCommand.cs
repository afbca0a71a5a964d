using System.CommandLine;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.Simulation;
using Federated.Simulation.Exports;
using Federated.Simulation.Reports;

namespace Federated.Samples.Simulation;

/// <summary><c>export</c>: a trained model as files for devices and other tools.</summary>
internal static class ExportCommand
{
    public static Command Create()
    {
        var model = new Argument<string>("MODEL") { Description = "Model file (.safetensors, dense or sparse), or a result folder" };
        var format = new Option<string[]>("--format")
        {
            Description = $"Format to write: {string.Join(", ", ModelExports.Formats.Select(known => known.Name))}; may be repeated. Default: all",
            HelpName = "FORMAT",
            AllowMultipleArgumentsPerToken = true,
        };
        var input = new Option<string?>("--input") { Description = "Shape of an example: N features, HxW or CxHxW. Needed for onnx, sparse-onnx and fedtiny", HelpName = "N|HxW|CxHxW" };
        var mask = new Option<string?>("--mask") { Description = "Mask of the model (the bytes of docs/wire-protocol.md). Default: the file's own, or the weights that are not zero", HelpName = "FILE" };
        var output = new Option<string?>("--output") { Description = "Folder to write to. Default: the model's", HelpName = "DIR" };
        var command = new Command("export", "Writes a trained model as dense or sparse safetensors, as ONNX, and as a .fedtiny file for the torch-free runtime.") { model, format, input, mask, output };
        command.SetAction(parsed =>
        {
            try
            {
                string path = PathOf(parsed.GetRequiredValue(model));
                ExportFormat[] formats = FormatsOf(parsed.GetValue(format) ?? []);
                int[] shape = parsed.GetValue(input) is { } text ? InputText.Parse(text) : [];
                if (shape.Length == 0 && formats.Any(ModelExports.HoldsLayers))
                {
                    throw new SimulationException("onnx, sparse-onnx and fedtiny hold the forward pass and need the shape of an example: --input 28x28, for instance. --format safetensors needs none.");
                }

                (ModelContent content, ModelMask active) = ModelExports.Read(path);
                if (parsed.GetValue(mask) is { } file)
                {
                    active = ModelMask.Parse(content.Schema, File.ReadAllBytes(file));
                }

                string folder = parsed.GetValue(output) ?? Path.GetDirectoryName(Path.GetFullPath(path))!;
                Directory.CreateDirectory(folder);
                Report(parsed.InvocationConfiguration.Output, content, active, ModelExports.Write(content, active, shape, Path.Combine(folder, Path.GetFileNameWithoutExtension(path)), formats));
                return 0;
            }
            catch (Exception exception) when (exception is SimulationException or ArgumentException or InvalidDataException or IOException or UnauthorizedAccessException)
            {
                parsed.InvocationConfiguration.Error.WriteLine(exception.Message.Split(" (Parameter", StringSplitOptions.None)[0]);
                return 1;
            }
        });
        return command;
    }

    private static string PathOf(string model) => Directory.Exists(model) ? Path.Combine(model, "model.safetensors") : model;

    private static ExportFormat[] FormatsOf(string[] names) =>
        names.Length == 0
            ? [.. ModelExports.Formats.Select(known => known.Format)]
            : [.. names.Select(name => ModelExports.Formats.FirstOrDefault(known => known.Name == name) is { Name: not null } known
                ? known.Format
                : throw new SimulationException($"There is no format '{name}'; there are {string.Join(", ", ModelExports.Formats.Select(each => each.Name))}."))];

    private static void Report(TextWriter output, ModelContent model, ModelMask mask, IReadOnlyList<ExportedFile> files)
    {
        output.WriteLine(FormattableString.Invariant(
            $"{model.Schema.Architecture}: {mask.ActiveCount:N0} of {mask.PrunableCount:N0} prunable weights are active ({mask.Density:P2}), {model.Schema.ParameterCount:N0} parameters in all"));
        foreach (ExportedFile file in files)
        {
            output.WriteLine($"{Sizes.Text(file.Bytes),10}  {file.Path}");
        }
    }
}
