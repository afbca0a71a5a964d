namespace Federated.Coordination.Jobs;

/// <summary>What a job does after the round that made or examined its current version.</summary>
public enum NextRound
{
    /// <summary>A training round.</summary>
    Train,

    /// <summary>An evaluation of the current version.</summary>
    Evaluate,

    /// <summary>Statistics of the devices' data, at the current version.</summary>
    Statistics,

    /// <summary>Nothing; every round is done.</summary>
    None,
}
