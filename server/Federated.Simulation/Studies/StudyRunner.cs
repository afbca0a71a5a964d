using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Federated.Simulation.Engine;
using Federated.Simulation.Reports;

namespace Federated.Simulation.Studies;

/// <summary>
/// Runs every arm of a study with every seed, one after another, each into a folder of its own. A run is whole when the file that names its settings is there, which is written
/// last: a study that was stopped goes on with the runs that lack it. Arms with the same settings share the run of the first of them.
/// </summary>
public sealed class StudyRunner
{
    private const string SettingsName = "settings.sha256", RunsName = "runs";

    private readonly Study _study;
    private readonly string _folder;
    private readonly int _workers;
    private readonly Dictionary<string, ResultDocument> _done = [];
    private (string Data, SimulationSetup Setup)? _prepared;

    /// <summary>Prepares a study.</summary>
    /// <param name="study">What to run.</param>
    /// <param name="folder">Where the results go.</param>
    /// <param name="workers">Training threads of each run.</param>
    public StudyRunner(Study study, string folder, int workers)
    {
        ArgumentNullException.ThrowIfNull(study);
        _study = study;
        _folder = folder;
        _workers = workers;
    }

    /// <summary>Runs what is not there yet, or everything.</summary>
    /// <param name="resume">Whether whole runs of the same settings in the folder are taken over.</param>
    /// <param name="tell">Hears a line for every run.</param>
    /// <param name="cancellationToken">Ends the study; the run under way is lost, the whole ones stay.</param>
    /// <exception cref="SimulationException">A run cannot be prepared.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public IReadOnlyList<StudyRun> Run(bool resume, Action<string> tell, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tell);
        List<StudyRun> runs = [];
        int total = _study.Seeds.Count * _study.Arms.Count;

        // Seeds outside, arms inside: the data are read once a seed, and a study that is cut short has every arm.
        foreach (ulong seed in _study.Seeds)
        {
            foreach (StudyArm arm in _study.Arms)
            {
                SimulationRequest request = arm.Request with { Job = arm.Request.Job with { Seed = seed }, Workers = _workers };
                string folder = Path.Combine(_folder, RunsName, FolderName($"{arm.Group} {arm.Name}"), string.Create(CultureInfo.InvariantCulture, $"seed-{seed}"));
                ResultDocument result = _done.GetValueOrDefault(Settings(request))
                    ?? (resume && Found(folder, request) is { } found ? found : Train(folder, request, cancellationToken));
                _done.TryAdd(Settings(request), result);
                runs.Add(new StudyRun(arm, seed, result));
                tell(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{runs.Count}/{total}  {arm.Group}, {arm.Name}, seed {seed}: accuracy {result.Final.Accuracy:0.0000} after {result.Rounds.Count} rounds, {result.Timings.TotalSeconds:0.0} s{(result.End == SimulationEnd.Completed ? "" : $" ({result.End})")}"));
            }
        }

        return runs;
    }

    private ResultDocument Train(string folder, SimulationRequest request, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        File.Delete(Path.Combine(folder, SettingsName));
        long started = Stopwatch.GetTimestamp();
        SimulationSetup setup = Prepare(request);
        double loadSeconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        SimulationOutcome outcome = new Simulator(setup, new Silence()).Run(cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        ResultDocument result = ResultDocuments.Create(outcome, loadSeconds);
        ResultFolder.Write(folder, result, outcome.Model);
        File.WriteAllText(Path.Combine(folder, SettingsName), Settings(request));
        return result;
    }

    /// <summary>Arms that differ in the job alone share the data and the clients.</summary>
    private SimulationSetup Prepare(SimulationRequest request)
    {
        string data = $"{request with { Job = null!, Workers = 1, Devices = null }} {request.Job.Seed}";
        SimulationSetup setup = _prepared is { } prepared && prepared.Data == data ? prepared.Setup.With(request) : SimulationSetup.Prepare(request);
        _prepared = (data, setup);
        return setup;
    }

    /// <summary>A whole run of these settings. Arms that share one leave it with the first of them, which in a part of the study is another than in the whole.</summary>
    private ResultDocument? Found(string folder, SimulationRequest request)
    {
        string settings = Settings(request), seed = Path.GetFileName(folder), runs = Path.Combine(_folder, RunsName);
        IEnumerable<string> others = Directory.Exists(runs) ? Directory.EnumerateDirectories(runs).Order(StringComparer.Ordinal).Select(arm => Path.Combine(arm, seed)) : [];
        string? found = others.Prepend(folder).FirstOrDefault(run => Path.Combine(run, SettingsName) is var path && File.Exists(path) && File.ReadAllText(path) == settings);
        return found is null ? null : ResultFolder.Read(found);
    }

    /// <summary>Names everything that decides a run's result.</summary>
    private static string Settings(SimulationRequest request)
    {
        string text = $"{request.Job.ToJson()} {request with { Job = null!, Workers = 1, Devices = null }}{request.Devices?.ToJson()}";
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }

    private static string FolderName(string name) =>
        string.Concat(name.ToLowerInvariant().Select(character => char.IsAsciiLetterOrDigit(character) || character == '.' ? character : '-')).Replace("---", "-", StringComparison.Ordinal);

    private sealed class Silence : ISimulationObserver
    {
        public void ClientFinished(int round, int done, int total)
        {
        }

        public void RoundFinished(RoundReport report)
        {
        }
    }
}
