using System.ComponentModel.DataAnnotations;

namespace Federated.Coordination.Hierarchy;

/// <summary>Settings of the hierarchy planner (after LIFL).</summary>
public sealed class PlannerOptions
{
    /// <summary>The configuration section that the options are read from.</summary>
    public const string SectionName = "Planner";

    /// <summary>Weight of the newest sample in a node's queue estimate, in (0, 1].</summary>
    [Range(double.Epsilon, 1)]
    public double QueueSmoothing { get; set; } = 0.7;

    /// <summary>I: waiting updates for which one leaf is enough.</summary>
    [Range(1, 1_000_000)]
    public int UpdatesPerLeaf { get; set; } = 2;

    /// <summary>Time between two looks at the nodes' queues while rounds are open; a tree whose leaves change is recorded as its next revision.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "01:00:00")]
    public TimeSpan Period { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The most leaves that a node starts.</summary>
    [Range(1, 4096)]
    public int MaxLeavesPerNode { get; set; } = 64;
}
