namespace Federated.Protocol.Codecs;

/// <summary>How a vector is made smaller.</summary>
public enum CompressorKind
{
    /// <summary>Not at all.</summary>
    None = 0,

    /// <summary>The elements of largest magnitude.</summary>
    TopK,

    /// <summary>The elements of a mask that all clients of a round share.</summary>
    RandomMask,

    /// <summary>The signs, and one mean magnitude for all or for each block.</summary>
    Sign,

    /// <summary>Codes of 1 to 8 bits with a step a block.</summary>
    Quantise,

    /// <summary>Matrices as thin products, one power step.</summary>
    PowerStep,

    /// <summary>Matrices as thin products, the best of their rank.</summary>
    Truncate,

    /// <summary>IEEE binary16.</summary>
    Half,

    /// <summary>bfloat16.</summary>
    Brain,
}
