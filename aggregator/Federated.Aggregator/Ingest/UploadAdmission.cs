namespace Federated.Aggregator.Ingest;

/// <summary>The answer to a header.</summary>
/// <param name="Session">Takes the payload; null when the upload has ended with <paramref name="Result"/>. Owned by the receiver.</param>
/// <param name="Result">Why there is no session; meaningless when there is one.</param>
public readonly record struct UploadAdmission(UploadSession? Session, UploadResult Result)
{
    internal static UploadAdmission Ended(UploadResult result) => new(null, result);

    internal static UploadAdmission Ended(UploadOutcome outcome, string message, TimeSpan retryAfter = default) =>
        new(null, new UploadResult(outcome, message, retryAfter));
}
