using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Federated.Simulation.Engine;

namespace Federated.Simulation.Studies.Byzantine;

/// <summary>
/// The finished runs of a study, a JSON line each behind a line that names the settings: a study that was stopped goes on with what is missing. Used by one thread at a
/// time.
/// </summary>
internal sealed class CellLog : IDisposable
{
    private readonly Dictionary<CellKey, CellResult> _done = [];
    private readonly StreamWriter _writer;

    private CellLog(StreamWriter writer) => _writer = writer;

    public IReadOnlyDictionary<CellKey, CellResult> Done => _done;

    /// <summary>Opens the log of a folder.</summary>
    /// <exception cref="SimulationException">The folder has a study of other settings, or cannot be used.</exception>
    public static CellLog Open(string folder, SimulationRequest request)
    {
        string path = Path.Combine(folder, "cells.jsonl");
        string settings = Fingerprint(request);
        try
        {
            Directory.CreateDirectory(folder);
            string[] lines = File.Exists(path) ? File.ReadAllLines(path) : [];
            if (lines.Length > 0 && lines[0] != settings)
            {
                throw new SimulationException($"{path}: has runs of other settings; give another --output, or delete it.");
            }

            List<CellResult> results = [.. lines.Skip(1).Select(Read).OfType<CellResult>()];

            // Written anew, so that a line which was cut short by the end of the process does not stay.
            var log = new CellLog(new StreamWriter(path, append: false, new UTF8Encoding(false)));
            log._writer.WriteLine(settings);
            results.ForEach(log.Add);
            log._writer.Flush();
            return log;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new SimulationException($"{path}: {exception.Message}", exception);
        }
    }

    public void Add(CellResult result)
    {
        _done[result.Key] = result;
        _writer.WriteLine(JsonSerializer.Serialize(result, StudyJson.Default.CellResult));
        _writer.Flush();
    }

    public void Dispose() => _writer.Dispose();

    private static CellResult? Read(string line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, StudyJson.Default.CellResult);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>What all runs share, told apart by its hash; workers do not change a result.</summary>
    private static string Fingerprint(SimulationRequest request)
    {
        string text = string.Join('\n',
            (request.Job with { Aggregation = request.Job.Aggregation with { Rule = "", Byzantine = 0 }, Seed = 0 }).ToJson(),
            request with { Job = null!, Workers = 1, Devices = null, Attack = null },
            request.Devices?.ToJson(),
            string.Join(',', request.Dataset.Ignore));
        return "settings " + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }
}
