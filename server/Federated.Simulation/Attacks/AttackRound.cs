using Federated.Aggregation.Robust.Catalog;

namespace Federated.Simulation.Attacks;

/// <summary>What colluding attackers know of a round: everything but the rule's random choices.</summary>
public sealed record AttackRound
{
    /// <summary>The honest updates, equally long.</summary>
    public required IReadOnlyList<ReadOnlyMemory<float>> Honest { get; init; }

    /// <summary>How many attackers send in this round.</summary>
    public required int Byzantine { get; init; }

    /// <summary>The rule that they attack; null for the plain mean.</summary>
    public RobustRule? Rule { get; init; }

    /// <summary>The last round's aggregate, where the rule starts when it uses it; null for none.</summary>
    public ReadOnlyMemory<float>? Centre { get; init; }
}
