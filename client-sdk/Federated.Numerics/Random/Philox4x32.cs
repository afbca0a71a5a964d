namespace Federated.Numerics;

/// <summary>
/// Philox4x32, the counter-based generator of Salmon et al. (SC 2011; DEShawResearch/random123 <c>philox.h</c>): a keyed
/// bijection from a 128-bit counter to 128 random bits. It has no state, so any part of any stream can be made anywhere.
/// </summary>
public static partial class Philox4x32
{
    /// <summary>The number of rounds of the standard generator.</summary>
    public const int StandardRounds = 10;

    private const uint Multiplier0 = 0xD2511F53;
    private const uint Multiplier1 = 0xCD9E8D57;
    private const uint Weyl0 = 0x9E3779B9;
    private const uint Weyl1 = 0xBB67AE85;

    /// <summary>Makes one block of four words.</summary>
    /// <param name="c0">Counter word 0.</param>
    /// <param name="c1">Counter word 1.</param>
    /// <param name="c2">Counter word 2.</param>
    /// <param name="c3">Counter word 3.</param>
    /// <param name="k0">Key word 0.</param>
    /// <param name="k1">Key word 1.</param>
    /// <param name="rounds">Rounds, at least 1; 10 unless a known answer asks for another number.</param>
    public static (uint W0, uint W1, uint W2, uint W3) Block(
        uint c0, uint c1, uint c2, uint c3, uint k0, uint k1, int rounds = StandardRounds)
    {
        for (int round = 0; round < rounds; round++)
        {
            if (round > 0)
            {
                k0 += Weyl0;
                k1 += Weyl1;
            }

            ulong product0 = (ulong)Multiplier0 * c0;
            ulong product1 = (ulong)Multiplier1 * c2;
            (c0, c1, c2, c3) = (
                (uint)(product1 >> 32) ^ c1 ^ k0, (uint)product1,
                (uint)(product0 >> 32) ^ c3 ^ k1, (uint)product0);
        }

        return (c0, c1, c2, c3);
    }
}
