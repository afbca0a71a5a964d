namespace Federated.Aggregator.Rounds;

/// <summary>Whether an update that is complete may be stored.</summary>
internal enum CommitOutcome
{
    /// <summary>It may, and the closing of the round waits for it.</summary>
    Begun,

    /// <summary>The round has closed meanwhile.</summary>
    NotOpen,

    /// <summary>The buffer has filled up meanwhile.</summary>
    Full,
}
