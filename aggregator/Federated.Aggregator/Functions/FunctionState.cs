namespace Federated.Aggregator.Functions;

/// <summary>What a function of the tree does at this moment.</summary>
public enum FunctionState
{
    /// <summary>A worker adds updates to it.</summary>
    Summing,

    /// <summary>A worker merges partials into it.</summary>
    Merging,

    /// <summary>Its sums rest under its key; no worker has it.</summary>
    Resting,
}
