namespace Federated.Aggregator.Rounds;

/// <summary>How far an update of a round has come.</summary>
internal enum UpdateProgress
{
    /// <summary>Its bytes are arriving.</summary>
    Uploading,

    /// <summary>In the pool and the journal, waiting for a leaf.</summary>
    Stored,

    /// <summary>On its way from its slot to the disk.</summary>
    Spilling,

    /// <summary>In the hands of a worker.</summary>
    Summing,

    /// <summary>In the sums of the round.</summary>
    Summed,
}
