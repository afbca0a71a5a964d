namespace Federated.Aggregator.Functions;

/// <summary>What a function of the tree does at this moment.</summary>
public enum FunctionState
{
    /// <summary>Workers add updates to it.</summary>
    Summing,

    /// <summary>Its sums rest under its key; no worker has it.</summary>
    Resting,
}
