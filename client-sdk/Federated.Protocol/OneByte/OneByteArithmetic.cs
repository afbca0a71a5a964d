namespace Federated.Protocol.OneByte;

/// <summary>What the weights of a one-byte run are. The numbers are part of the layout of <see cref="OneByteSettings"/>.</summary>
public enum OneByteArithmetic : byte
{
    /// <summary>Mode I: integers θ · 2^q. Updates commute, so every machine holds the same bits, in whatever order it applies them.</summary>
    FixedPoint = 0,

    /// <summary>Mode F: float32 with coefficients of 16 significant bits. Machines agree as long as they apply directions in the order of a record.</summary>
    CanonicalFloat = 1,
}
