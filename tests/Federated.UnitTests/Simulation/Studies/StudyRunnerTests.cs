using Federated.Simulation;
using Federated.Simulation.Devices;
using Federated.Simulation.Engine;
using Federated.Simulation.Studies;
using Federated.UnitTests.Simulation.Engine;

namespace Federated.UnitTests.Simulation.Studies;

public sealed class StudyRunnerTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("federated-study-");

    public void Dispose() => _folder.Delete(recursive: true);

    public static TheoryData<string> Names => [.. StudyCatalog.All.Select(plan => plan.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Create_EveryArm_IsARunThatCanBeMade(string name)
    {
        foreach (bool isQuick in (bool[])[true, false])
        {
            Study study = StudyCatalog.Find(name).Create(isQuick, "digits");

            Assert.All(study.Arms, arm => Assert.Empty(SimulationSetup.Validate(arm.Request)));
            Assert.Equal(study.Arms.Count, study.Arms.Select(arm => (arm.Group, arm.Name)).Distinct().Count());
        }
    }

    [Fact]
    public void Write_RunsWithDevices_SaysTheirSeconds()
    {
        Study study = Small(target: 0.5);
        study = study with { Arms = [.. study.Arms.Select(arm => arm with { Request = arm.Request with { Devices = DeviceProfile.BuiltIn[0] } })] };
        IReadOnlyList<StudyRun> runs = Run(study, resume: false);

        StudyReport.Write(_folder.FullName, study, runs);

        ArmSummary fast = ArmSummary.Of(study, runs)[1];
        StudyRun run = runs.First(run => run.Arm.Name == "fast");
        Assert.InRange(run.Result.Rounds[ArmSummary.RoundOf(run, 0.5)!.Value - 1].SimulatedSeconds!.Value, fast.SimulatedSeconds!.Value.Least, fast.SimulatedSeconds.Value.Most);
        Assert.True(fast.ClientSeconds!.Value.Median > fast.SimulatedSeconds.Value.Median);
        Assert.NotEmpty(Directory.EnumerateFiles(_folder.FullName, "*-seconds.png"));
    }

    [Fact]
    public void Run_Resumed_TakesOverWholeRunsOfTheSameSettings()
    {
        Study study = Small(target: 0.5);
        IReadOnlyList<StudyRun> first = Run(study, resume: false);
        string whole = Path.Combine(_folder.FullName, "runs", "iid-slow", "seed-1");
        DateTime written = File.GetLastWriteTimeUtc(Path.Combine(whole, "result.json"));

        // One run is not whole, and one arm has other settings than before.
        File.Delete(Path.Combine(whole.Replace("seed-1", "seed-2", StringComparison.Ordinal), "settings.sha256"));
        Study changed = study with { Arms = [study.Arms[0], study.Arms[1] with { Request = study.Arms[1].Request with { DropOut = 0.5 } }] };
        IReadOnlyList<StudyRun> second = Run(changed, resume: true);

        Assert.Equal(4, second.Count);
        Assert.Equal(written, File.GetLastWriteTimeUtc(Path.Combine(whole, "result.json")));
        Assert.Equal(Models(first, "slow"), Models(second, "slow"));
        Assert.NotEqual(Models(first, "fast"), Models(second, "fast"));
    }

    [Fact]
    public void Part_OfAStudy_LeavesRunsThatTheWholeTakesOver()
    {
        Study study = Small(target: 0.5);
        StudyRun only = Assert.Single(Run(study.Part("IID fast", [2]), resume: false));
        string file = Path.Combine(_folder.FullName, "runs", "iid-fast", "seed-2", "result.json");
        DateTime written = File.GetLastWriteTimeUtc(file);

        IReadOnlyList<StudyRun> all = Run(study, resume: true);

        Assert.Equal(("fast", 2UL), (only.Arm.Name, only.Seed));
        Assert.Equal(4, all.Count);
        Assert.Equal(written, File.GetLastWriteTimeUtc(file));
        Assert.Throws<SimulationException>(() => study.Part("slower", []));
        Assert.Throws<SimulationException>(() => study.Part(null, [9]));
    }

    [Fact]
    public void Gather_PartBesideRunsOfTheRest_TellsOfBoth()
    {
        Study study = Small(target: 0.5);
        Run(study.Part("IID slow", []), resume: false);
        var runner = new StudyRunner(study.Part("IID fast", [2]), _folder.FullName, workers: 1);
        runner.Run(resume: false, _ => { }, TestContext.Current.CancellationToken);

        (Study shown, IReadOnlyList<StudyRun> runs) = runner.Gather(study);
        StudyReport.Write(_folder.FullName, shown, runs);

        Assert.Equal([("slow", 1UL), ("slow", 2UL), ("fast", 2UL)], runs.Select(run => (run.Arm.Name, run.Seed)));
        string table = File.ReadAllText(Path.Combine(_folder.FullName, "study.md"));
        Assert.Contains("| IID | slow | 0 of 2 |", table, StringComparison.Ordinal);
        Assert.Contains("| IID | fast | 1 of 1 |", table, StringComparison.Ordinal);
        Assert.Contains("up to 2 seeds", table, StringComparison.Ordinal);
    }

    [Fact]
    public void Gather_NothingButThePart_LeavesTheOtherArmsOut()
    {
        Study study = Small(target: 0.5);
        var runner = new StudyRunner(study.Part("IID fast", [2]), _folder.FullName, workers: 1);
        runner.Run(resume: false, _ => { }, TestContext.Current.CancellationToken);

        (Study shown, IReadOnlyList<StudyRun> runs) = runner.Gather(study);

        Assert.Equal(["fast"], shown.Arms.Select(arm => arm.Name));
        Assert.Equal([2UL], shown.Seeds);
        Assert.Single(runs);
    }

    [Fact]
    public void Part_WithASharedRun_LeavesItToTheWhole()
    {
        // As the dense model of the study of sparse models: the same run in every group, which lies with the first group that is run.
        Study study = Small(target: 0.5);
        study = study with { Arms = [study.Arms[1] with { Name = "shared", Group = "A" }, study.Arms[0] with { Group = "B" }, study.Arms[1] with { Name = "shared", Group = "B" }], Seeds = [1] };
        Assert.Equal(2, Run(study.Part("B ", [1, 1]), resume: false).Count);

        IReadOnlyList<StudyRun> all = Run(study, resume: true);

        Assert.Equal(3, all.Count);
        Assert.Equal(2, Directory.EnumerateFiles(_folder.FullName, "settings.sha256", SearchOption.AllDirectories).Count());
        Assert.Single(Models(all, "shared").Distinct());
    }

    [Fact]
    public void Run_SideBySide_GivesTheSameRunsInTheSameOrder()
    {
        Study study = Small(target: 0.5);
        study = study with { Arms = [.. study.Arms, study.Arms[0] with { Group = "again" }] };
        List<string> alone = [], beside = [];

        IReadOnlyList<StudyRun> first = new StudyRunner(study, Path.Combine(_folder.FullName, "alone"), workers: 2).Run(false, alone.Add, TestContext.Current.CancellationToken);
        IReadOnlyList<StudyRun> second = new StudyRunner(study with { SideBySide = 2 }, Path.Combine(_folder.FullName, "beside"), workers: 2).Run(false, beside.Add, TestContext.Current.CancellationToken);

        Assert.Equal(first.Select(run => (run.Arm, run.Seed, run.Result.Final.ModelSha256)), second.Select(run => (run.Arm, run.Seed, run.Result.Final.ModelSha256)));
        Assert.Equal(alone.Select(WithoutTime), beside.Select(WithoutTime));
        Assert.Equal(4, Directory.EnumerateFiles(Path.Combine(_folder.FullName, "beside"), "settings.sha256", SearchOption.AllDirectories).Count());

        static string WithoutTime(string line) => line[..line.LastIndexOf(',')];
    }

    [Fact]
    public void Run_Cancelled_LeavesTheWholeRuns()
    {
        Study study = Small(target: 0.5);
        using var stop = new CancellationTokenSource();
        var runner = new StudyRunner(study, _folder.FullName, workers: 1);

        Assert.Throws<OperationCanceledException>(() => runner.Run(resume: false, _ => stop.Cancel(), stop.Token));

        Assert.Single(Directory.EnumerateFiles(_folder.FullName, "settings.sha256", SearchOption.AllDirectories));
    }

    [Fact]
    public void Write_TwoArms_SaysWhatTheTargetCost()
    {
        Study study = Small(target: 0.5);
        IReadOnlyList<StudyRun> runs = Run(study, resume: false);

        StudyReport.Write(_folder.FullName, study, runs);

        IReadOnlyList<ArmSummary> summaries = ArmSummary.Of(study, runs);
        Assert.Equal((0, 2), (summaries[0].Reached, summaries[1].Reached));
        Assert.Equal(double.PositiveInfinity, summaries[0].Rounds.Median);
        StudyRun run = runs.First(run => run.Arm.Name == "fast");
        int round = ArmSummary.RoundOf(run, 0.5)!.Value;
        Assert.True(run.Result.Rounds[round - 1].Accuracy >= 0.5);
        Assert.InRange(summaries[1].Gradients.Median, 1, 3 * 6 * 8 * 100);
        string table = File.ReadAllText(Path.Combine(_folder.FullName, "study.md"));
        Assert.Contains("| IID | slow | 0 of 2 | not reached |", table, StringComparison.Ordinal);
        Assert.Contains("| IID | fast | 2 of 2 |", table, StringComparison.Ordinal);
        Assert.Equal(5, File.ReadAllLines(Path.Combine(_folder.FullName, "study.csv")).Length);
        Assert.True(File.Exists(Path.Combine(_folder.FullName, "iid-rounds.png")));
        Assert.Contains("thousand gradients", File.ReadAllText(Path.Combine(_folder.FullName, "study.html")), StringComparison.Ordinal);
    }

    [Fact]
    public void Gradients_OfEachAlgorithm_AreWhatItsStepsTake()
    {
        SimulationRequest request = Requests.Digits(rounds: 2) with { Clients = 10 };
        request = request with { Job = request.Job with { Round = new() { CohortSize = 10 }, Local = new() { Epochs = 0, Steps = 4, BatchSize = 2, LearningRate = 0.1 } } };
        int all = SimulationSetup.Prepare(request).Clients.Sum(client => client.Rows.Length);

        Assert.Equal([10 * 4 * 2L, 10 * 4 * 2L], Gradients("fedavg", []));
        Assert.Equal([all, 10 * 2 * 3 * 2L], Gradients("fedamd", new() { ["period"] = 2 }));
        Assert.Equal([10 * 5L, 10 * 5L], Gradients("fedpage", new() { ["probability"] = 1, ["largeBatch"] = 5 }));
        Assert.Equal([10 * 5L, 2 * 3 * 2L], Gradients("bvrlsgd", new() { ["largeBatch"] = 5 }));

        IEnumerable<long> Gradients(string algorithm, Dictionary<string, double> parameters) => Requests.Run(
            request with { Job = request.Job with { Algorithm = new() { Name = algorithm, Parameters = parameters } } },
            cancellationToken: TestContext.Current.CancellationToken).Rounds.Select(round => round.Gradients);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Catalog_EveryStudy_IsValid(bool isQuick)
    {
        foreach (IStudyPlan plan in StudyCatalog.All)
        {
            Study study = plan.Create(isQuick, "digits");

            Assert.Equal(study.Arms.Count, study.Arms.Select(arm => (arm.Group, arm.Name)).Distinct().Count());
            Assert.All(study.Arms, arm => Assert.Empty(SimulationSetup.Validate(arm.Request)));
        }

        Assert.Throws<SimulationException>(() => StudyCatalog.Find("magic"));
    }

    [Fact]
    public void Spread_OddAndEven_HasTheMiddle()
    {
        Assert.Equal(new Spread(2, 1, 5), Spread.Of([5, 1, 2]));
        Assert.Equal(new Spread(1.5, 1, 2), Spread.Of([2, 1]));
        Assert.Equal("2 (1 to not reached)", Spread.Of([2, 1, double.PositiveInfinity]).Text(value => $"{value}"));
        Assert.Equal(Spread.NotReached, Spread.Of([double.PositiveInfinity]).Text(value => $"{value}"));
    }

    private IReadOnlyList<StudyRun> Run(Study study, bool resume) =>
        new StudyRunner(study, _folder.FullName, workers: 1).Run(resume, _ => { }, TestContext.Current.CancellationToken);

    private static string[] Models(IReadOnlyList<StudyRun> runs, string arm) =>
        [.. runs.Where(run => run.Arm.Name == arm).Select(run => run.Result.Final.ModelSha256)];

    private static Study Small(double target)
    {
        SimulationRequest request = Requests.Digits(rounds: 3);
        return new Study(
            "small",
            "Is fast faster than slow?",
            [
                new StudyArm("slow", "IID", request with { Job = request.Job with { Local = request.Job.Local with { LearningRate = 1e-6 } } }),
                new StudyArm("fast", "IID", request),
            ],
            [1, 2],
            target);
    }
}
