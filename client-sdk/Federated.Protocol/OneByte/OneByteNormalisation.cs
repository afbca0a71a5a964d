namespace Federated.Protocol.OneByte;

/// <summary>By what the sum of a round's directions is divided. The numbers are part of the layout of <see cref="OneByteSettings"/>.</summary>
public enum OneByteNormalisation : byte
{
    /// <summary>N, the number of valid bytes.</summary>
    Mean = 0,

    /// <summary>The square root of N, as a multiple of 2^-16.</summary>
    SquareRoot = 1,
}
