namespace Federated.Aggregation.Robust.Hierarchy;

/// <summary>What a message between nodes is for.</summary>
public enum ExchangeKind : ushort
{
    /// <summary>Node to node, pass 1: ranges of its updates for the owner of the range, or sketches for the top.</summary>
    Share = 1,

    /// <summary>Owner of a range to the top, pass 1: the statistics of the range.</summary>
    Findings = 2,

    /// <summary>Top to node, between the passes: the coefficients, or how coordinates are reduced.</summary>
    Verdict = 3,

    /// <summary>Node to its parent, pass 2: its weighted sums, or the ranges that it has reduced.</summary>
    Part = 4,

    /// <summary>Top to server: the aggregate and the scores.</summary>
    Report = 5,

    /// <summary>Server to node, before pass 1: the last aggregates, where the rule starts.</summary>
    Start = 6,
}
