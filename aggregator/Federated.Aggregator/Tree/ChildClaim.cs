namespace Federated.Aggregator.Tree;

/// <summary>How a child's wish to hand its partial over is answered.</summary>
internal enum ChildClaim
{
    /// <summary>It may.</summary>
    Expected,

    /// <summary>Its partial is merged.</summary>
    Merged,

    /// <summary>A transfer of it is running.</summary>
    InProgress,

    /// <summary>It is no child of this node, or another partial of it is merged.</summary>
    Unexpected,
}
