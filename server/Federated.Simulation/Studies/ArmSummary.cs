using Federated.Simulation.Engine;

namespace Federated.Simulation.Studies;

/// <summary>What the runs of an arm have in common.</summary>
/// <param name="Arm">The setting.</param>
/// <param name="Runs">Number of runs.</param>
/// <param name="Reached">Runs that reached the target.</param>
/// <param name="Rounds">Rounds until then, as far as the evaluations tell.</param>
/// <param name="Bytes">Bytes up and down until then.</param>
/// <param name="Gradients">Gradients of single examples until then.</param>
/// <param name="Best">Best accuracy of a run.</param>
/// <param name="Final">Accuracy at its end.</param>
public sealed record ArmSummary(
    StudyArm Arm, int Runs, int Reached, Spread Rounds, Spread Bytes, Spread Gradients, Spread Best, Spread Final)
{
    /// <summary>Bytes up in all rounds.</summary>
    public Spread BytesUp { get; init; }

    /// <summary>Simulated seconds that devices were busy until then; null without devices.</summary>
    public Spread? ClientSeconds { get; init; }

    /// <summary>Simulated seconds until then; null without devices.</summary>
    public Spread? SimulatedSeconds { get; init; }

    /// <summary>Summarises every arm, in their order.</summary>
    /// <param name="study">The study.</param>
    /// <param name="runs">Its runs.</param>
    public static IReadOnlyList<ArmSummary> Of(Study study, IReadOnlyList<StudyRun> runs)
    {
        ArgumentNullException.ThrowIfNull(study);
        return [.. study.Arms.Select(arm => Of(arm, arm.Target ?? study.Target, [.. runs.Where(run => run.Arm == arm)]))];
    }

    /// <summary>The first evaluated round of a run with at least the target's accuracy; null when none had it.</summary>
    public static int? RoundOf(StudyRun run, double target)
    {
        ArgumentNullException.ThrowIfNull(run);
        return run.Result.Rounds.FirstOrDefault(round => round.Accuracy >= target)?.Round;
    }

    private static ArmSummary Of(StudyArm arm, double target, IReadOnlyList<StudyRun> runs)
    {
        Spread Cost(Func<RoundReport, double> cost) => Spread.Of(runs.Select(run => RoundOf(run, target) is { } reached
            ? run.Result.Rounds.Where(round => round.Round <= reached).Sum(cost)
            : double.PositiveInfinity));
        bool hasDevices = runs.All(run => run.Result.SimulatedSeconds is not null);
        return new ArmSummary(
            arm,
            runs.Count,
            runs.Count(run => RoundOf(run, target) is not null),
            Cost(_ => 1),
            Cost(round => round.BytesUp + round.BytesDown),
            Cost(round => round.Gradients),
            Spread.Of(runs.Select(run => run.Result.Rounds.Max(round => round.Accuracy) ?? 0)),
            Spread.Of(runs.Select(run => run.Result.Final.Accuracy ?? 0)))
        {
            BytesUp = Spread.Of(runs.Select(run => (double)run.Result.BytesUp)),
            ClientSeconds = hasDevices ? Cost(round => round.ClientSeconds ?? 0) : null,
            SimulatedSeconds = hasDevices
                ? Spread.Of(runs.Select(run => RoundOf(run, target) is { } reached
                    ? run.Result.Rounds.First(round => round.Round == reached).SimulatedSeconds ?? 0
                    : double.PositiveInfinity))
                : null,
        };
    }
}
