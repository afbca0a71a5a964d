namespace Federated.Protocol.Codecs;

/// <summary>What the body of a frame is. The numbers are part of the wire format (docs/codecs.md).</summary>
public enum FrameKind : byte
{
    /// <summary>Every element as float32.</summary>
    Dense = 1,

    /// <summary>Every element as IEEE binary16.</summary>
    Half = 2,

    /// <summary>Every element as bfloat16.</summary>
    Brain = 3,

    /// <summary>Every element in 1 to 8 bits, with a step size a block.</summary>
    Quantised = 4,

    /// <summary>Some elements with their indices; the others are zero.</summary>
    Sparse = 5,

    /// <summary>The elements of a mask that both ends find from a seed; the others are zero.</summary>
    Masked = 6,

    /// <summary>Matrices as products of thin ones.</summary>
    LowRank = 7,
}
