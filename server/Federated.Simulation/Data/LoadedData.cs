using Federated.Client.Sparse;
using Federated.Simulation.Models;

namespace Federated.Simulation.Data;

/// <summary>What a reader found, before the split and before any statistic of the data is used.</summary>
internal sealed class LoadedData
{
    public required string Name { get; init; }

    public required DatasetFormat Format { get; init; }

    public required ModelShape Shape { get; init; }

    /// <summary>Row-major; NaN where a value is missing and the median of the training part is to stand in. Empty where the rows are sparse.</summary>
    public float[] Features { get; init; } = [];

    /// <summary>The rows of a format that leaves zeros out, in which nothing is missing; null for dense rows.</summary>
    public CsrMatrix? Sparse { get; init; }

    public required int[] Labels { get; init; }

    public int LabelLength { get; init; } = 1;

    public required IReadOnlyList<string> ClassNames { get; init; }

    public IReadOnlyList<string> FeatureNames { get; init; } = [];

    /// <summary>The features that are 0 or 1 by construction and are never scaled.</summary>
    public IReadOnlySet<int> Indicators { get; init; } = new HashSet<int>();

    public ExampleGroups? Groups { get; init; }

    /// <summary>Examples from here on are the data set's own test part; <see cref="Count"/> when it has none.</summary>
    public required int TestStart { get; init; }

    /// <summary>What the user should know: rows left out, speakers with too little text.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    public int Count => Labels.Length / LabelLength;
}
