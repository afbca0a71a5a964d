using Federated.Simulation.Costs;
using Federated.Simulation.Engine;

namespace Federated.Simulation.Reports;

/// <summary>The file <c>result.json</c>, version 1; <c>docs/result-schema.md</c> describes it member by member.</summary>
public sealed record ResultDocument
{
    public int Version { get; init; } = 1;

    /// <summary>How the run ended: <c>completed</c>, <c>targetReached</c>, <c>cancelled</c>, <c>abandoned</c> or <c>diverged</c>.</summary>
    public required SimulationEnd End { get; init; }

    public required ulong Seed { get; init; }

    public required FinalResult Final { get; init; }

    /// <summary>The first round that reached the target accuracy; null when none did or none was set.</summary>
    public int? RoundsToTarget { get; init; }

    /// <summary>Simulated seconds to the end of the run; null when it has no devices.</summary>
    public double? SimulatedSeconds { get; init; }

    /// <summary>Simulated seconds to the end of the round that reached the target; null when none did or the run has no devices.</summary>
    public double? SimulatedSecondsToTarget { get; init; }

    /// <summary>Simulated seconds that devices were busy; null when the run has no devices.</summary>
    public double? ClientSeconds { get; init; }

    /// <summary>Counted updates by staleness, from 0; empty for algorithms with rounds.</summary>
    public IReadOnlyList<int> Staleness { get; init; } = [];

    public required long BytesUp { get; init; }

    public required long BytesDown { get; init; }

    /// <summary>What devices computed and had to hold, counted and not measured; null for one-byte exchange, asynchronous algorithms and texts.</summary>
    public CostSummary? Costs { get; init; }

    public required IReadOnlyList<RoundReport> Rounds { get; init; }

    /// <summary>The statistics that were taken, in order; empty when the job asks for none.</summary>
    public IReadOnlyList<StatisticsReport> Statistics { get; init; } = [];

    /// <summary>How sparse the model is; null for a dense one.</summary>
    public PruningSummary? Pruning { get; init; }

    public required IReadOnlyList<ClientFailure> Failures { get; init; }

    public required RunSettings Settings { get; init; }

    public required DatasetSummary Dataset { get; init; }

    public required IReadOnlyList<ClientSummary> Clients { get; init; }

    public required Timings Timings { get; init; }

    /// <summary>The aggregation tree of a run with more than one node; null otherwise.</summary>
    public TreeSummary? Tree { get; init; }
}
