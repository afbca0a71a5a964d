using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Federated.Simulation.Engine;
using Federated.Simulation.Reports;

namespace Federated.Simulation.Studies;

/// <summary>
/// Runs every arm of a study with every seed, one after another or as many side by side as the study says, each into a folder of its own. A run is whole when the file that names its settings is there, which is written
/// last: a study that was stopped goes on with the runs that lack it. Arms with the same settings share the run of the first of them.
/// </summary>
public sealed class StudyRunner
{
    private const string SettingsName = "settings.sha256", RunsName = "runs";

    private readonly Study _study;
    private readonly string _folder;
    private readonly int _workers;
    private readonly int _sides;
    private readonly Lock _gate = new();
    private (string Data, SimulationSetup Setup)? _prepared;

    /// <summary>Prepares a study.</summary>
    /// <param name="study">What to run.</param>
    /// <param name="folder">Where the results go.</param>
    /// <param name="workers">Training threads of the runs that go on at a time, together.</param>
    public StudyRunner(Study study, string folder, int workers)
    {
        ArgumentNullException.ThrowIfNull(study);
        _study = study;
        _folder = folder;
        _workers = workers;
        _sides = Math.Clamp(workers, 1, study.SideBySide);
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
        PlannedRun[] planned = [.. Planned(_study)];
        int[] firsts = [.. planned.Select(run => Array.FindIndex(planned, other => other.Settings == run.Settings))];
        var results = new ResultDocument?[planned.Length];
        List<StudyRun> runs = [];
        using var sides = new OrderedWorkers<Side>(_sides, Math.Max(_sides, planned.Length), () => new Side());
        sides.Run(
            planned.Length,
            (_, item, _) => results[item] = firsts[item] == item
                ? (resume ? Found(planned[item]) : null) ?? Train(planned[item], cancellationToken)
                : null,
            (item, _) =>
            {
                (StudyArm arm, ulong seed) = (planned[item].Arm, planned[item].Seed);
                ResultDocument result = results[firsts[item]]!;
                runs.Add(new StudyRun(arm, seed, result));
                tell(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{runs.Count}/{planned.Length}  {arm.Group}, {arm.Name}, seed {seed}: accuracy {result.Final.Accuracy:0.0000} after {result.Rounds.Count} rounds, {result.Timings.TotalSeconds:0.0} s{(result.End == SimulationEnd.Completed ? "" : $" ({result.End})")}"));
                return true;
            },
            cancellationToken);
        return runs;
    }

    /// <summary>
    /// What the folder has of a whole study: the runs of this part, and the whole runs of the same settings of the rest. Arms and seeds without a run are left out.
    /// </summary>
    /// <param name="whole">The study of which a part was run.</param>
    public (Study Study, IReadOnlyList<StudyRun> Runs) Gather(Study whole)
    {
        ArgumentNullException.ThrowIfNull(whole);
        StudyRun[] runs =
        [
            .. from planned in Planned(whole)
               let found = Found(planned)
               where found is not null
               select new StudyRun(planned.Arm, planned.Seed, found),
        ];
        return (whole with { Arms = [.. whole.Arms.Where(arm => runs.Any(run => run.Arm == arm))], Seeds = [.. whole.Seeds.Where(seed => runs.Any(run => run.Seed == seed))] }, runs);
    }

    /// <summary>Seeds outside, arms inside: the data are read once a seed, and a study that is cut short has every arm.</summary>
    private IEnumerable<PlannedRun> Planned(Study study) =>
        from seed in study.Seeds
        from arm in study.Arms
        let request = arm.Request with { Job = arm.Request.Job with { Seed = seed }, Workers = Math.Max(1, _workers / _sides) }
        let name = string.Create(CultureInfo.InvariantCulture, $"seed-{seed}")
        select new PlannedRun(arm, seed, request, Path.Combine(_folder, RunsName, FolderName($"{arm.Group} {arm.Name}"), name), Settings(request));

    private ResultDocument Train(PlannedRun run, CancellationToken cancellationToken)
    {
        string folder = run.Folder;
        Directory.CreateDirectory(folder);
        File.Delete(Path.Combine(folder, SettingsName));
        long started = Stopwatch.GetTimestamp();
        SimulationSetup setup = Prepare(run.Request);
        double loadSeconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        SimulationOutcome outcome = new Simulator(setup, new Silence()).Run(cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        ResultDocument result = ResultDocuments.Create(outcome, loadSeconds);
        ResultFolder.Write(folder, result, outcome.Model);
        File.WriteAllText(Path.Combine(folder, SettingsName), run.Settings);
        return result;
    }

    /// <summary>Arms that differ in the job alone share the data and the clients.</summary>
    private SimulationSetup Prepare(SimulationRequest request)
    {
        string data = $"{request with { Job = null!, Workers = 1, Devices = null }} {request.Job.Seed}";
        lock (_gate)
        {
            SimulationSetup setup = _prepared is { } prepared && prepared.Data == data ? prepared.Setup.With(request) : SimulationSetup.Prepare(request);
            _prepared = (data, setup);
            return setup;
        }
    }

    /// <summary>A whole run of these settings. Arms that share one leave it with the first of them, which in a part of the study is another than in the whole.</summary>
    private ResultDocument? Found(PlannedRun run)
    {
        string seed = Path.GetFileName(run.Folder), runs = Path.Combine(_folder, RunsName);
        IEnumerable<string> others = Directory.Exists(runs) ? Directory.EnumerateDirectories(runs).Order(StringComparer.Ordinal).Select(arm => Path.Combine(arm, seed)) : [];
        string? found = others.Prepend(run.Folder).FirstOrDefault(other => Path.Combine(other, SettingsName) is var path && File.Exists(path) && File.ReadAllText(path) == run.Settings);
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

    private sealed record PlannedRun(StudyArm Arm, ulong Seed, SimulationRequest Request, string Folder, string Settings);

    /// <summary>One of the runs that go on side by side. What it trains with ends with the run.</summary>
    private sealed class Side : IDisposable
    {
        public void Dispose()
        {
        }
    }

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
