namespace Federated.Client.Sparse;

/// <summary>Which of two ways a masked model is trained, and the measurement that decided it.</summary>
/// <param name="IsSparse">Whether the sparse way is taken.</param>
/// <param name="SparseStep">Time of one step over active weights; zero when it was not measured.</param>
/// <param name="DenseStep">Time of one masked dense step; zero when it was not measured.</param>
public readonly record struct SparseChoice(bool IsSparse, TimeSpan SparseStep, TimeSpan DenseStep)
{
    /// <summary>Density above which the sparse way is not tried: no shape that was measured gained above 0.2 (docs/sparse-runtime.md).</summary>
    public const double MostDensity = 0.5;
}
