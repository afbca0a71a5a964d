using Federated.Simulation.Costs;
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
    /// <summary>Mean accuracy of the last evaluations of a run, at most <see cref="LateEvaluations"/>: rounds swing, and one round alone says little.</summary>
    public Spread Late { get; init; }

    /// <summary>Evaluations in <see cref="Late"/>.</summary>
    public const int LateEvaluations = 3;

    /// <summary>Bytes up in all rounds.</summary>
    public Spread BytesUp { get; init; }

    /// <summary>Simulated seconds that devices were busy until then; null without devices.</summary>
    public Spread? ClientSeconds { get; init; }

    /// <summary>Simulated seconds until then; null without devices.</summary>
    public Spread? SimulatedSeconds { get; init; }

    /// <summary>Bytes down in all rounds.</summary>
    public Spread BytesDown { get; init; }

    /// <summary>Largest resident memory of the process, or memory that the CUDA device gave.</summary>
    public Spread PeakBytes { get; init; }

    /// <summary>Multiply-adds of all rounds; null where they are not counted.</summary>
    public Spread? Macs { get; init; }

    /// <summary>Multiply-adds of a device in its dearest round; null where they are not counted.</summary>
    public Spread? MacsOfRound { get; init; }

    /// <summary>Bytes of the model's state on a device; null where they are not counted.</summary>
    public Spread? StateBytes { get; init; }

    /// <summary>Bytes of activations on a device; null where they are not counted.</summary>
    public Spread? ActivationBytes { get; init; }

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

    /// <summary>Mean accuracy of a run's last evaluations; 0 without any.</summary>
    public static double LateOf(StudyRun run)
    {
        ArgumentNullException.ThrowIfNull(run);
        return run.Result.Rounds.Select(round => round.Accuracy).OfType<double>().TakeLast(LateEvaluations).DefaultIfEmpty().Average();
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
            Late = Spread.Of(runs.Select(LateOf)),
            BytesUp = Spread.Of(runs.Select(run => (double)run.Result.BytesUp)),
            BytesDown = Spread.Of(runs.Select(run => (double)run.Result.BytesDown)),
            PeakBytes = Spread.Of(runs.Select(run => (double)run.Result.Timings.PeakBytes)),
            Macs = Counted(runs, costs => costs.Macs),
            MacsOfRound = Counted(runs, costs => costs.MostMacsOfRound),
            StateBytes = Counted(runs, costs => costs.State.Total),
            ActivationBytes = Counted(runs, costs => costs.ActivationBytes),
            ClientSeconds = hasDevices ? Cost(round => round.ClientSeconds ?? 0) : null,
            SimulatedSeconds = hasDevices
                ? Spread.Of(runs.Select(run => RoundOf(run, target) is { } reached
                    ? run.Result.Rounds.First(round => round.Round == reached).SimulatedSeconds ?? 0
                    : double.PositiveInfinity))
                : null,
        };
    }

    private static Spread? Counted(IReadOnlyList<StudyRun> runs, Func<CostSummary, long> figure) =>
        runs.All(run => run.Result.Costs is not null) ? Spread.Of(runs.Select(run => (double)figure(run.Result.Costs!))) : null;
}
