namespace Federated.Aggregator.Rounds;

/// <summary>How a claim on an update id ended.</summary>
internal enum ClaimOutcome
{
    /// <summary>The caller may upload it.</summary>
    Claimed,

    /// <summary>Another upload of it is running.</summary>
    InProgress,

    /// <summary>It is stored already.</summary>
    Stored,

    /// <summary>The round takes no more updates.</summary>
    NotOpen,

    /// <summary>The round is a buffer, and has as many updates as it takes.</summary>
    Full,

    /// <summary>The coordinator does not wait for it: it is in a version already, or will never be.</summary>
    NotWanted,
}
