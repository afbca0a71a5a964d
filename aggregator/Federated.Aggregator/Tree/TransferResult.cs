namespace Federated.Aggregator.Tree;

/// <summary>How a transfer ended, and why in one sentence where it did not succeed.</summary>
public readonly record struct TransferResult(TransferOutcome Outcome, string Reason = "")
{
    /// <summary>Whether the same transfer may succeed later.</summary>
    public bool MayBeRepeated => Outcome is TransferOutcome.NotReady or TransferOutcome.Damaged;
}
