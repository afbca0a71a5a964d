namespace Federated.Numerics.SharedRandomness;

/// <summary>Distribution of a shared direction: zero mean, unit variance. The numbers are part of the wire format.</summary>
public enum NoiseKind
{
    /// <summary>±1, 128 elements a block; exact in every float type.</summary>
    Rademacher = 0,

    /// <summary>(popcount of 16 bits − 8) / 2, 8 elements a block; exact in 8-bit floats and wider.</summary>
    Binomial16 = 1,

    /// <summary>(popcount of 64 bits − 32) / 4, 2 elements a block; exact in bfloat16 and wider.</summary>
    Binomial64 = 2,
}
