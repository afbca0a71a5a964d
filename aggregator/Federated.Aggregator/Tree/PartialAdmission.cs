namespace Federated.Aggregator.Tree;

/// <summary>The answer to the header of a transfer: where its bytes go, or how the transfer has ended.</summary>
public readonly record struct PartialAdmission(TransferIntake? Intake, TransferResult Result)
{
    internal static PartialAdmission Ended(TransferOutcome outcome, string reason = "") => new(null, new TransferResult(outcome, reason));
}
