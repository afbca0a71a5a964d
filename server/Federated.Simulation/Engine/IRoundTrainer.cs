using Federated.Protocol.Models;
using Federated.Protocol.Rounds;
using Federated.Protocol.Tier;
using Federated.Simulation.Costs;

namespace Federated.Simulation.Engine;

/// <summary>Makes one model version after another out of the work of virtual clients.</summary>
internal interface IRoundTrainer : IDisposable
{
    /// <summary>Client tasks that were trained.</summary>
    long ClientUpdates { get; }

    /// <summary>The aggregation tree of the last round.</summary>
    TreePlan Tree { get; }

    /// <summary>What the tree has done in all rounds.</summary>
    TreeFigures Figures { get; }

    /// <summary>SHA-256 of the state that all machines share, hexadecimal; null where there is no such state.</summary>
    string? StateHash { get; }

    /// <summary>What devices computed and had to hold; null where it is not counted.</summary>
    CostSummary? Costs => null;

    /// <summary>Runs one round and turns <paramref name="model"/> into the next version, unless the round is abandoned.</summary>
    RoundReport Train(RoundKey key, ModelContent model, ISimulationObserver observer, CancellationToken cancellationToken);
}
