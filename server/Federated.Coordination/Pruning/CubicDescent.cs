namespace Federated.Coordination.Pruning;

/// <summary>A density that falls fast at first: d_f + (d_i - d_f)(1 - c/c_f)³ (Zhu and Gupta 2017).</summary>
/// <param name="Start">d_i.</param>
/// <param name="End">d_f.</param>
/// <param name="Last">c_f, the round of the last step; 0 when there is none.</param>
internal sealed record CubicDescent(double Start, double End, int Last)
{
    /// <summary>The density after a round.</summary>
    public double At(int round) => round >= Last ? End : End + ((Start - End) * Math.Pow(1 - ((double)round / Last), 3));
}
