namespace Federated.Protocol.Codecs;

/// <summary>Why bytes are no good frame.</summary>
public enum FrameFault
{
    /// <summary>They are.</summary>
    None = 0,

    /// <summary>Fewer bytes than the frame says it has.</summary>
    Truncated,

    /// <summary>A layout version that this build does not read.</summary>
    UnknownVersion,

    /// <summary>A kind or flag that this build does not read.</summary>
    UnknownKind,

    /// <summary>The frame is of a vector of another length.</summary>
    WrongLength,

    /// <summary>The lengths of header and body contradict each other, or are beyond the limit.</summary>
    LengthMismatch,

    /// <summary>A parameter of the body (bits, block, rank, shape, count) is out of range.</summary>
    BadParameter,

    /// <summary>An index is beyond the vector.</summary>
    BadIndex,

    /// <summary>The compressed body cannot be decompressed.</summary>
    BadCompression,

    /// <summary>A value is NaN or infinite.</summary>
    NotFinite,
}
