namespace Federated.Aggregator.Ingest;

/// <summary>How an upload ended. The gRPC edge maps each member to a status and an <c>error-kind</c> once.</summary>
public enum UploadOutcome
{
    /// <summary>In the pool and the journal.</summary>
    Stored,

    /// <summary>The same update was stored before; this copy was not read.</summary>
    AlreadyStored,

    /// <summary>A message breaks the protocol: no header, a second header, bytes that are no chunk.</summary>
    Malformed,

    /// <summary>The ticket is missing, its signature does not fit, or it is of an unknown layout.</summary>
    TicketForged,

    /// <summary>The ticket belongs to another device or tenant than the one that authenticated.</summary>
    TicketForeign,

    /// <summary>The ticket's time has passed.</summary>
    TicketExpired,

    /// <summary>The node does not know the round, or the round takes no more updates.</summary>
    StaleRound,

    /// <summary>Sections or schema differ from those of the ticket and the round.</summary>
    SchemaMismatch,

    /// <summary>Bytes announced or sent differ from what the sections take.</summary>
    LengthMismatch,

    /// <summary>More bytes than the ticket or a slot allows; nothing was buffered.</summary>
    Oversize,

    /// <summary>The claimed weight is not finite, not positive or above the ticket's bound.</summary>
    WeightOutOfBounds,

    /// <summary>The claimed local steps are above the ticket's bound.</summary>
    StepsOutOfBounds,

    /// <summary>What the header tells of the compression is impossible.</summary>
    CompressionOutOfBounds,

    /// <summary>Another upload of the same update is running.</summary>
    UploadInProgress,

    /// <summary>No slot is free; the sender comes back after the advised delay.</summary>
    PoolFull,

    /// <summary>The buffer of the job is full and becomes a model version; the sender comes back after the advised delay.</summary>
    BufferFull,

    /// <summary>The bytes do not match the header's checksum.</summary>
    ChecksumMismatch,

    /// <summary>A float section has a NaN or an infinity.</summary>
    NotFinite,

    /// <summary>A section is no frame, or its frame contradicts itself or the section's specification.</summary>
    BadFrame,

    /// <summary>The norm of the float sections is above the ticket's bound.</summary>
    NormExceeded,

    /// <summary>The sums of a STATISTICS task are such as no data have.</summary>
    ImpossibleStatistics,

    /// <summary>The stream broke, or stalled for too long, before its end.</summary>
    Interrupted,

    /// <summary>The node is stopping; the sender comes back later.</summary>
    Unavailable,

    /// <summary>The journal or the spool could not be written.</summary>
    StorageFailed,
}
