namespace Federated.Simulation.Kernels;

/// <summary>
/// Up to which share of a model's multiply-adds the sparse runtime is the faster: measured once, one thread each, by <c>tests/Federated.Benchmarks -- kernels</c>, and written down. A measurement at the
/// start of a run would decide differently from run to run, and the two ways differ in the last bits.
/// </summary>
internal static class BreakEven
{
    // Multiply-adds of a dense forward pass of one example, ascending, and the share at which a local step takes the same time either way.
    private static readonly (double Macs, double Share)[] Measured =
    [
        (3e7, 0.7),
        (4.6e8, 0.45),
    ];

    /// <summary>The share up to which the sparse way is taken; between two measured sizes by the logarithm of the size.</summary>
    /// <param name="macs">Multiply-adds of a dense forward pass of one example.</param>
    public static double ShareFor(long macs)
    {
        if (macs <= Measured[0].Macs)
        {
            return Measured[0].Share;
        }

        for (int i = 1; i < Measured.Length; i++)
        {
            ((double lower, double atLower), (double upper, double atUpper)) = (Measured[i - 1], Measured[i]);
            if (macs <= upper)
            {
                return atLower + ((atUpper - atLower) * Math.Log(macs / lower) / Math.Log(upper / lower));
            }
        }

        return Measured[^1].Share;
    }
}
