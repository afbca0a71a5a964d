using System.ComponentModel.DataAnnotations;

namespace Federated.Aggregation.Robust.Outliers;

/// <summary>Settings of <see cref="SignGuard"/>; the bounds are the paper's.</summary>
public sealed record SignGuardOptions
{
    /// <summary>Coordinates whose signs are counted. The paper takes a tenth of them; 10,000 tell a share to half a percent.</summary>
    [Range(1, int.MaxValue)]
    public int SampleSize { get; init; } = 10_000;

    /// <summary>Norms must be above this multiple of the median norm.</summary>
    [Range(0, 1)]
    public double Shortest { get; init; } = 0.1;

    /// <summary>Norms must be below this multiple of the median norm.</summary>
    [Range(1, double.MaxValue)]
    public double Longest { get; init; } = 3;
}
