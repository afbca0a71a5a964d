using System.CommandLine;
using Federated.Protocol.Jobs;
using Federated.Simulation;
using Federated.Simulation.Engine;
using Federated.Simulation.Partitions;
using Federated.Simulation.Studies.Byzantine;
using Spectre.Console;

namespace Federated.Samples.Simulation;

/// <summary><c>byzantine</c>: every aggregation rule against every attack.</summary>
internal static class ByzantineCommand
{
    private const int Failed = 1, Stopped = 130;

    public static Command Create()
    {
        var options = new RunOptions();
        var rules = new Option<string[]>("--rules") { Description = "Rules to compare (see 'rules'). Default: a list with every family; shorter with --quick", HelpName = "RULE", AllowMultipleArgumentsPerToken = true };
        var attacks = new Option<string[]>("--attacks") { Description = "Attacks to face (see 'attacks'), none among them. Default: a list of every kind; shorter with --quick", HelpName = "ATTACK", AllowMultipleArgumentsPerToken = true };
        var seeds = new Option<int>("--seeds") { Description = "Every run is repeated under so many seeds, from --seed on", HelpName = "N", DefaultValueFactory = _ => 1 };
        var quick = new Option<bool>("--quick") { Description = "Fewer rules, attacks and rounds" };
        var command = new Command("byzantine", "Runs aggregation rules against attacks: a table, a heat map (PNG and HTML) and the worst case of each rule. Goes on where it was stopped.")
        {
            rules, attacks, seeds, quick,
        };
        foreach (Option option in options.All.Where(option => option != options.Aggregation && option != options.AggregationF && option != options.Attack && option != options.Plain))
        {
            command.Options.Add(option);
        }

        command.SetAction((parsed, cancellationToken) => Task.Run(
            () =>
            {
                try
                {
                    bool isQuick = parsed.GetValue(quick);
                    SimulationRequest request = Bind(options, parsed, isQuick);
                    string folder = parsed.GetValue(options.Output) ?? Path.Combine("results", $"byzantine-{request.Dataset.Source.Split('/', '\\')[^1]}");
                    string[]? wanted = parsed.GetValue(rules);
                    string[]? faced = parsed.GetValue(attacks);
                    var plan = new StudyPlan
                    {
                        Request = request,
                        Rules = wanted is { Length: > 0 } ? [.. wanted.Select(StudyRules.Plain)] : isQuick ? StudyRules.Quick : StudyRules.All,
                        Attacks = faced is { Length: > 0 } ? faced : isQuick ? StudyRules.QuickAttacks : StudyRules.AllAttacks,
                        Seeds = [.. Enumerable.Range(0, Math.Max(1, parsed.GetValue(seeds))).Select(i => request.Job.Seed + (ulong)i)],
                        Degree = request.Workers,
                    };
                    StudyTable table = ByzantineStudy.Run(plan, folder, Tell, cancellationToken);
                    StudyFolder.Write(folder, Path.GetFileName(request.Dataset.Source), plan, table);
                    Show(table);
                    Console.WriteLine($"Results: {Path.GetFullPath(folder)}");
                    return 0;
                }
                catch (OperationCanceledException)
                {
                    Console.Error.WriteLine("Stopped; the same command goes on with what is missing.");
                    return Stopped;
                }
                catch (Exception exception) when ((exception as AggregateException)?.InnerExceptions[0] is SimulationException || exception is SimulationException or NotSupportedException or IOException or UnauthorizedAccessException)
                {
                    Console.Error.WriteLine((exception as AggregateException)?.InnerExceptions[0].Message ?? exception.Message);
                    return Failed;
                }
            },
            CancellationToken.None));
        return command;
    }

    /// <summary>The settings of a run, with defaults of the study's own: everybody takes part, and a run takes seconds.</summary>
    private static SimulationRequest Bind(RunOptions options, ParseResult parsed, bool isQuick)
    {
        SimulationRequest request = new RequestBinding(options, parsed).Bind();
        bool Given(Option option) => parsed.GetResult(option) is { Implicit: false };
        bool hasJob = Given(options.Job);
        JobDefinition job = request.Job;
        int rounds = hasJob || Given(options.Rounds) ? job.Rounds : isQuick ? 20 : 40;
        int clients = request.Clients ?? 15;
        return request with
        {
            Clients = clients,
            Byzantine = Given(options.Byzantine) || request.Byzantine > 0 ? request.Byzantine : 3,
            Partition = hasJob || Given(options.Partition) ? request.Partition : new PartitionSpec(PartitionKind.Dirichlet, Alpha: 0.5),
            FitCohort = true,
            Job = job with
            {
                Model = hasJob || Given(options.Model) ? job.Model : "mlp",
                Rounds = rounds,
                Local = hasJob || Given(options.LocalEpochs) || Given(options.LocalSteps) || Given(options.LearningRate) || Given(options.Batch)
                    ? job.Local
                    : job.Local with { Epochs = 0, Steps = 5, BatchSize = 32, LearningRate = 0.1, Momentum = 0, ClipNorm = 0 },
                Round = hasJob || Given(options.Cohort) ? job.Round : job.Round with { CohortSize = clients },
                Evaluation = job.Evaluation with { EveryRounds = Given(options.EvaluateEvery) ? job.Evaluation.EveryRounds : Math.Max(1, rounds / 10) },
            },
        };
    }

    private static void Tell(CellResult result, int done, int all) => Console.WriteLine(FormattableString.Invariant(
        $"{done}/{all}  {result.Key.Settings} under {result.Key.Attack}, seed {result.Key.Seed}: accuracy {result.Accuracy:0.0000}{(result.BackdoorSuccess is { } success ? $", backdoor {success:0.00}" : "")}, {result.Seconds:0.0} s"));

    private static void Show(StudyTable table)
    {
        var shown = new Table().RoundedBorder().AddColumn("rule").AddColumn("worst case").AddColumn("its attack");
        foreach (string attack in table.Attacks)
        {
            shown.AddColumn(Markup.Escape(attack));
        }

        foreach (StudyRow row in table.Rows)
        {
            shown.AddRow([Markup.Escape(row.Rule), Percent(row.Worst), Markup.Escape(row.WorstAttack), .. row.Accuracies.Select(Percent)]);
        }

        AnsiConsole.Profile.Width = Math.Max(AnsiConsole.Profile.Width, 240);
        AnsiConsole.Write(shown);
    }

    private static string Percent(double share) => FormattableString.Invariant($"{share * 100:0.0}");
}
