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

    /// <summary>
    /// ±T[k] of a table of 32,768 normal quantiles: the low 15 bits of 16 are k, the top one the sign; 8 elements a block. A float32, no small integer: for float weights only, where c · z is rounded
    /// before it is subtracted.
    /// </summary>
    NormalTable = 3,
}
