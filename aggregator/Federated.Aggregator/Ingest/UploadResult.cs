namespace Federated.Aggregator.Ingest;

/// <summary>An outcome with what its sender is told.</summary>
/// <param name="Outcome">How the upload ended.</param>
/// <param name="Message">One sentence with the numbers and what to do; empty for a stored update.</param>
/// <param name="RetryAfter">When to come back; zero when coming back is no use or may be at once.</param>
public readonly record struct UploadResult(UploadOutcome Outcome, string Message, TimeSpan RetryAfter = default)
{
    public static UploadResult Stored { get; } = new(UploadOutcome.Stored, string.Empty);

    public static UploadResult AlreadyStored { get; } = new(UploadOutcome.AlreadyStored, string.Empty);

    public bool IsAccepted => Outcome is UploadOutcome.Stored or UploadOutcome.AlreadyStored;
}
