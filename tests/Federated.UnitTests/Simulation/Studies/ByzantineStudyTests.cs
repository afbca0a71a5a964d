using Federated.Protocol.Jobs;
using Federated.Simulation;
using Federated.Simulation.Devices;
using Federated.Simulation.Engine;
using Federated.Simulation.Kernels;
using Federated.Simulation.Partitions;
using Federated.Simulation.Pretraining;
using Federated.Simulation.Studies.Byzantine;
using Federated.UnitTests.Simulation.Engine;

namespace Federated.UnitTests.Simulation.Studies;

public sealed class ByzantineStudyTests : IDisposable
{
    private readonly DataFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Run_RulesAndAttacks_RanksRulesByTheirWorstCase()
    {
        StudyPlan plan = Plan();

        StudyTable table = Run(plan, out int ran);
        StudyFolder.Write(_folder.Root, "digits", plan, table);

        Assert.Equal(12, ran);
        Assert.Equal(3, table.Rows.Count);
        Assert.Contains("centred-clipping:radius=0.3,iterations=3", table.Rows.Select(row => row.Rule));
        Assert.Equal("mean", table.Rows[^1].Rule);
        Assert.Equal("reverse", table.Rows[^1].WorstAttack);
        Assert.All(table.Rows, row => Assert.Equal(row.Accuracies.Min(), row.Worst));
        Assert.Contains("| mean | **", File.ReadAllText(Path.Combine(_folder.Root, "table.md")), StringComparison.Ordinal);
        Assert.Equal(13, File.ReadAllLines(Path.Combine(_folder.Root, "cells.csv")).Length);
        Assert.True(new FileInfo(Path.Combine(_folder.Root, "heatmap.png")).Length > 5_000);
        string html = File.ReadAllText(Path.Combine(_folder.Root, "heatmap.html"));
        Assert.DoesNotContain("http", html, StringComparison.Ordinal);
        Assert.Contains("title=\"trimmed-mean under reverse\"", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_AfterACutLine_RunsWhatIsMissingAndNoMore()
    {
        StudyPlan plan = Plan();
        StudyTable first = Run(plan, out _);
        string log = Path.Combine(_folder.Root, "cells.jsonl");
        string[] lines = File.ReadAllLines(log);
        File.WriteAllText(log, string.Join('\n', [.. lines[..^2], lines[^2][..20]]));

        StudyTable second = Run(plan, out int ran);

        Assert.Equal(2, ran);
        Assert.Equal(first.Rows.Select(row => row.Worst), second.Rows.Select(row => row.Worst));
    }

    [Fact]
    public void Run_OtherSettingsInTheFolder_IsRefused()
    {
        StudyPlan plan = Plan();
        Run(plan with { Attacks = [StudyPlan.NoAttack] }, out _);
        StudyPlan other = plan with { Request = plan.Request with { Job = plan.Request.Job with { Rounds = 9 } } };

        Assert.Contains("other settings", Assert.Throws<SimulationException>(() => Run(other, out _)).Message, StringComparison.Ordinal);
        SimulationRequest[] requests =
        [
            plan.Request with { Pretraining = new PretrainingSpec(100, 5) },
            plan.Request with { Kernels = KernelSetting.Dense },
            plan.Request with { MinimumExamples = 2 },
            plan.Request with { Devices = DeviceProfile.BuiltIn[0] },
            plan.Request with { Dataset = plan.Request.Dataset with { Ignore = ["1"] } },
        ];
        Assert.All(requests, request => Assert.Throws<SimulationException>(() => Run(plan with { Request = request }, out _)));
        Run(plan with { Request = plan.Request with { Workers = 3 }, Attacks = [StudyPlan.NoAttack] }, out int ran);
        Assert.Equal(0, ran);
    }

    private StudyTable Run(StudyPlan plan, out int ran)
    {
        int count = 0;
        StudyTable table = ByzantineStudy.Run(plan, _folder.Root, (_, _, _) => count++, TestContext.Current.CancellationToken);
        ran = count;
        return table;
    }

    private static StudyPlan Plan()
    {
        SimulationRequest request = Requests.Digits(rounds: 6);
        return new StudyPlan
        {
            Request = request with
            {
                Clients = 8,
                Byzantine = 2,
                Partition = PartitionSpec.Parse("iid"),
                Job = request.Job with { Round = new RoundSettings { CohortSize = 8 } },
            },
            Rules =
            [
                StudyRules.Plain("mean"),
                StudyRules.Plain("trimmed-mean"),
                new RuleCandidates("centred-clipping", ["centred-clipping:radius=0.3,iterations=3", "centred-clipping:radius=0.0001"]),
            ],
            Attacks = [StudyPlan.NoAttack, "reverse", "nan"],
            Seeds = [11],
            Degree = 2,
        };
    }
}
