using Federated.Client.Training;
using Federated.Protocol.Models;
using Federated.Protocol.Tier;
using Federated.Simulation.Costs;

namespace Federated.Simulation.Engine;

/// <summary>What a simulation leaves.</summary>
/// <param name="Setup">What was run.</param>
/// <param name="Model">The last model.</param>
/// <param name="Final">Its evaluation on the test part; null when the run was stopped before one.</param>
/// <param name="BackdoorSuccess">Share of the test examples of other classes that the patch turns into the target; null without a backdoor.</param>
/// <param name="Rounds">The rounds in order.</param>
/// <param name="Failures">Every client whose work is in no model.</param>
/// <param name="End">Why it ended.</param>
/// <param name="RoundsToTarget">The round that reached the target accuracy; null when none did or none was set.</param>
/// <param name="TrainSeconds">Wall-clock seconds of training.</param>
/// <param name="EvaluateSeconds">Wall-clock seconds of evaluation.</param>
/// <param name="TotalSeconds">Wall-clock seconds of the run, without reading the data.</param>
/// <param name="ClientUpdates">Client tasks that were trained.</param>
/// <param name="Tree">The aggregation tree of the last round.</param>
/// <param name="TreeFigures">What its functions have done in all rounds.</param>
public sealed record SimulationOutcome(
    SimulationSetup Setup,
    ModelContent Model,
    Evaluation? Final,
    double? BackdoorSuccess,
    IReadOnlyList<RoundReport> Rounds,
    IReadOnlyList<ClientFailure> Failures,
    SimulationEnd End,
    int? RoundsToTarget,
    double TrainSeconds,
    double EvaluateSeconds,
    double TotalSeconds,
    long ClientUpdates,
    TreePlan Tree,
    TreeFigures TreeFigures)
{
    /// <summary>The statistics that were taken, in order; empty when the job asks for none.</summary>
    public IReadOnlyList<StatisticsReport> Statistics { get; init; } = [];

    /// <summary>What devices computed and had to hold; null where it is not counted.</summary>
    public CostSummary? Costs { get; init; }

    /// <summary>Peak bytes of the run; see <see cref="Reports.Timings.PeakBytes"/>.</summary>
    public long PeakBytes { get; init; }

    /// <summary>By how much the peak is above what was there before the first round.</summary>
    public long PeakGrowthBytes { get; init; }

    /// <summary>How the first mask of a sparse model was chosen; null for a dense one.</summary>
    public CandidateReport? Candidates { get; init; }

    /// <summary>SHA-256 of the last state of a one-byte exchange, hexadecimal; null for other algorithms.</summary>
    public string? StateHash { get; init; }
}
