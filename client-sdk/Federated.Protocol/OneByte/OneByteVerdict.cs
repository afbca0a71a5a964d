namespace Federated.Protocol.OneByte;

/// <summary>What a sequencer makes of a message.</summary>
public enum OneByteVerdict
{
    /// <summary>It is in the record of the open round.</summary>
    Taken = 0,

    /// <summary>The machine has sent for this round already; the first message stays.</summary>
    Repeated,

    /// <summary>Its round is in the log; it is dropped.</summary>
    Late,

    /// <summary>Its round is not open yet; refused.</summary>
    Ahead,

    /// <summary>It was measured at other weights: it does not name the hash of the log; refused.</summary>
    OtherLog,

    /// <summary>It has another number of bytes than S · P; refused.</summary>
    WrongLength,
}
