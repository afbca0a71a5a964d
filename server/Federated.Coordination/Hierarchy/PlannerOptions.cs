using System.ComponentModel.DataAnnotations;

namespace Federated.Coordination.Hierarchy;

/// <summary>Settings of the hierarchy planner (after LIFL).</summary>
public sealed class PlannerOptions
{
    /// <summary>Weight of the newest sample in a node's queue estimate, in (0, 1].</summary>
    [Range(double.Epsilon, 1)]
    public double QueueSmoothing { get; set; } = 0.7;

    /// <summary>I: waiting updates for which one leaf is enough.</summary>
    [Range(1, 1_000_000)]
    public int UpdatesPerLeaf { get; set; } = 2;

    /// <summary>The most leaves that a node starts.</summary>
    [Range(1, 4096)]
    public int MaxLeavesPerNode { get; set; } = 64;
}
