using System.ComponentModel.DataAnnotations;

namespace Federated.Aggregation.Robust.Outliers;

/// <summary>Settings of <see cref="DivideAndConquer"/>; the defaults are those of Blades.</summary>
public sealed record DivideAndConquerOptions
{
    /// <summary>Coordinates of a sample.</summary>
    [Range(1, int.MaxValue)]
    public int SampleSize { get; init; } = 10_000;

    /// <summary>Number of samples.</summary>
    [Range(1, 1000)]
    public int Samples { get; init; } = 5;

    /// <summary>Updates dropped at each sample, as a multiple of f.</summary>
    [Range(0, 10)]
    public double FilterFraction { get; init; } = 1;
}
