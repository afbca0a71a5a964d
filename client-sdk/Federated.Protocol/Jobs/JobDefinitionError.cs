namespace Federated.Protocol.Jobs;

/// <summary>One thing that is wrong with a job definition.</summary>
/// <param name="Path">The member, such as <c>round.cohortSize</c>.</param>
/// <param name="Message">What it is and what it may be.</param>
public sealed record JobDefinitionError(string Path, string Message)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Path}: {Message}";
}
