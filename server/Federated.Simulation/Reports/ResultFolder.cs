using System.Globalization;
using System.Text;
using System.Text.Json;
using Federated.Protocol.Models;
using Federated.Simulation.Engine;

namespace Federated.Simulation.Reports;

/// <summary>Writes and reads the folder of a result: <c>result.json</c>, <c>metrics.csv</c>, <c>report.html</c>, <c>accuracy.png</c> and the last model.</summary>
public static class ResultFolder
{
    private const string JsonName = "result.json";

    /// <summary>Writes every file; the folder is made when it is missing, files of an earlier run are replaced.</summary>
    public static void Write(string folder, ResultDocument result, ModelContent model)
    {
        ArgumentNullException.ThrowIfNull(result);
        ArgumentNullException.ThrowIfNull(model);
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(Path.Combine(folder, JsonName), JsonSerializer.SerializeToUtf8Bytes(result, ResultJson.Default.ResultDocument));
        File.WriteAllText(Path.Combine(folder, "metrics.csv"), Metrics(result));
        File.WriteAllText(Path.Combine(folder, "report.html"), HtmlReport.Render(result), Encoding.UTF8);
        File.WriteAllBytes(Path.Combine(folder, "model.safetensors"), ModelFile.Write(model));
        AccuracyPlot.Save(Path.Combine(folder, "accuracy.png"), [(result.Dataset.Name, result)]);
    }

    /// <summary>Reads the result of a folder.</summary>
    /// <exception cref="SimulationException">There is no result, or it is damaged.</exception>
    public static ResultDocument Read(string folder)
    {
        string path = File.Exists(folder) ? folder : Path.Combine(folder, JsonName);
        try
        {
            ResultDocument? result = JsonSerializer.Deserialize(File.ReadAllBytes(path), ResultJson.Default.ResultDocument);
            return result is { Version: 1 } ? result : throw new SimulationException($"{path}: version {result?.Version}; this build reads version 1.");
        }
        catch (JsonException exception)
        {
            throw new SimulationException(
                $"{path}, line {(exception.LineNumber ?? 0) + 1}: expected a result of version 1: {exception.Message}", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new SimulationException($"{path}: cannot be read: {exception.Message}", exception);
        }
    }

    private static string Metrics(ResultDocument result)
    {
        var csv = new StringBuilder("round,accuracy,loss,training_loss,selected,counted,failed,examples,bytes_up,bytes_down,gradients,update_norm,seconds,simulated_seconds,client_seconds,mean_staleness,contraction,error_norm,down_error,abandoned\n");
        foreach (RoundReport round in result.Rounds)
        {
            string?[] cells =
            [
                Text(round.Round), Text(round.Accuracy), Text(round.Loss), Text(round.TrainingLoss), Text(round.Selected), Text(round.Counted), Text(round.Failed),
                Text(round.Examples), Text(round.BytesUp), Text(round.BytesDown), Text(round.Gradients), Text(round.UpdateNorm), Text(Math.Round(round.Seconds, 4)),
                Text(round.SimulatedSeconds), Text(round.ClientSeconds), MeanStaleness(round),
                Mean(round, client => client.Contraction), Mean(round, client => client.ErrorNorm), Text(round.DownError),
                round.Abandoned is null ? "" : $"\"{round.Abandoned.Replace("\"", "\"\"", StringComparison.Ordinal)}\"",
            ];
            csv.AppendJoin(',', cells).Append('\n');
        }

        return csv.ToString();
    }

    private static string MeanStaleness(RoundReport round) =>
        round.Staleness.Count == 0 ? "" : Text(round.Staleness.Select((count, staleness) => (double)count * staleness).Sum() / round.Staleness.Sum());

    private static string Mean(RoundReport round, Func<ClientCompression, double> figure) =>
        round.Compression.Count == 0 ? "" : Text(round.Compression.Average(figure));

    private static string Text(IFormattable? value) => value?.ToString(null, CultureInfo.InvariantCulture) ?? "";
}
