namespace Federated.Protocol;

/// <summary>Stable names of failures: the value of the trailer <c>error-kind</c> and the kinds that rounds record.</summary>
public static class ErrorKinds
{
    /// <summary>The trailer that carries the kind.</summary>
    public const string Trailer = "error-kind";

    /// <summary>The trailer that carries the milliseconds after which to try again.</summary>
    public const string RetryAfterTrailer = "retry-after-ms";

    /// <summary>A message breaks the protocol (order, missing header, malformed bytes).</summary>
    public const string Protocol = "protocol";

    /// <summary>The ticket is missing, forged or signed by another key.</summary>
    public const string TicketForged = "ticket-forged";

    /// <summary>The ticket belongs to another device or tenant.</summary>
    public const string TicketForeign = "ticket-foreign";

    /// <summary>The ticket's time has passed.</summary>
    public const string TicketExpired = "ticket-expired";

    /// <summary>The round is closed, or this node does not know it.</summary>
    public const string StaleRound = "stale-round";

    /// <summary>The sections are not those of the ticket.</summary>
    public const string SchemaMismatch = "schema-mismatch";

    /// <summary>The bytes are fewer or more than announced.</summary>
    public const string LengthMismatch = "length-mismatch";

    /// <summary>The update is larger than the ticket or a slot allows.</summary>
    public const string Oversize = "oversize";

    /// <summary>The bytes do not match their checksum.</summary>
    public const string ChecksumMismatch = "checksum-mismatch";

    /// <summary>The update has a NaN or an infinity.</summary>
    public const string NotFinite = "not-finite";

    /// <summary>A compressed section is no good frame.</summary>
    public const string BadFrame = "bad-frame";

    /// <summary>The update's norm is above the ticket's bound.</summary>
    public const string NormExceeded = "norm-exceeded";

    /// <summary>The claimed weight is not positive, not finite or above the ticket's bound.</summary>
    public const string WeightOutOfBounds = "weight-out-of-bounds";

    /// <summary>The claimed steps are above the ticket's bound.</summary>
    public const string StepsOutOfBounds = "steps-out-of-bounds";

    /// <summary>What the update tells of its compression is impossible.</summary>
    public const string CompressionOutOfBounds = "compression-out-of-bounds";

    /// <summary>The sums of a STATISTICS task are such as no data have.</summary>
    public const string ImpossibleStatistics = "impossible-statistics";

    /// <summary>The job exchanges no scalars, or has ended.</summary>
    public const string NoExchange = "no-exchange";

    /// <summary>Gradients under the number of another machine.</summary>
    public const string WrongMachine = "wrong-machine";

    /// <summary>Gradients without the hash of the state that is due with them.</summary>
    public const string StateMissing = "state-missing";

    /// <summary>Another upload of the same update is running.</summary>
    public const string UploadInProgress = "upload-in-progress";

    /// <summary>The stream broke before its end.</summary>
    public const string Interrupted = "interrupted";

    /// <summary>No slot is free.</summary>
    public const string PoolFull = "pool-full";

    /// <summary>The asynchronous job's buffer is full and is being made into a model version; the next one takes the update.</summary>
    public const string BufferFull = "buffer-full";

    /// <summary>The node is stopping.</summary>
    public const string Unavailable = "unavailable";

    /// <summary>The node could not write its journal or spool.</summary>
    public const string StorageFailed = "storage-failed";

    /// <summary>Local training produced a NaN or an infinity.</summary>
    public const string Diverged = "diverged";

    /// <summary>The device did not answer before the deadline.</summary>
    public const string TimedOut = "timed-out";

    /// <summary>The device vanished in the middle of a round.</summary>
    public const string DroppedOut = "dropped-out";

    /// <summary>The update came after its round had closed.</summary>
    public const string Late = "late";

    /// <summary>The device's program threw an exception.</summary>
    public const string Exception = "exception";

    /// <summary>The device lacks the error-feedback state that the server reckons with.</summary>
    public const string StateLost = "state-lost";

    /// <summary>The downloaded model does not match its id or cannot be read.</summary>
    public const string BadModel = "bad-model";
}
