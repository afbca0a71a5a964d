namespace Federated.Aggregator.Tree;

/// <summary>How the transfer of a partial ended.</summary>
public enum TransferOutcome
{
    /// <summary>The partial is in the parent's sums now.</summary>
    Merged,

    /// <summary>It was there already.</summary>
    AlreadyMerged,

    /// <summary>Another transfer of it is running, or the parent has not opened the round yet; to be tried again.</summary>
    NotReady,

    /// <summary>The bytes did not arrive as they were sent; to be tried again.</summary>
    Damaged,

    /// <summary>The parent does not want it: another tree or writer, or not one of its children.</summary>
    Refused,
}
