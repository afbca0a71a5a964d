namespace Federated.Aggregator.Rounds;

/// <summary>How far an update of a round has come.</summary>
internal enum UpdateProgress
{
    /// <summary>Its bytes are arriving.</summary>
    Uploading,

    /// <summary>In the pool and the journal, waiting for a leaf.</summary>
    Stored,

    /// <summary>A leaf holds it.</summary>
    Summing,

    /// <summary>In the partial aggregate of a leaf.</summary>
    Summed,
}
