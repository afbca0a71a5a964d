using Federated.Simulation.Models;

namespace Federated.Simulation.Data;

/// <summary>Which data set to read and how.</summary>
public sealed record DatasetRequest
{
    /// <summary>Name of a bundled data set, or a path to a file or a folder.</summary>
    public required string Source { get; init; }

    /// <summary>The format; null to tell it from the names of the files.</summary>
    public DatasetFormat? Format { get; init; }

    /// <summary>A file of the same format that holds the test examples; null for none.</summary>
    public string? TestSource { get; init; }

    /// <summary>Label of a CSV: <c>COLUMN[:OPERATOR THRESHOLD]</c>; null for the last column.</summary>
    public string? Label { get; init; }

    /// <summary>Missing values of a CSV: <c>TOKEN[:median|drop]</c>; null when nothing is missing.</summary>
    public string? Missing { get; init; }

    /// <summary>Columns of a CSV that are left out, by name or 1-based number.</summary>
    public IReadOnlyList<string> Ignore { get; init; } = [];

    /// <summary>Column of a CSV whose values are the clients; it is no feature.</summary>
    public string? GroupColumn { get; init; }

    /// <summary>Whether the first line of a CSV holds names; null to find out.</summary>
    public bool? Header { get; init; }

    /// <summary>Separator of a CSV; null to find out. A blank stands for any run of blanks.</summary>
    public char? Separator { get; init; }

    /// <summary>Rows, columns and channels of the image that the features of a CSV or LIBSVM file are; null for a plain vector.</summary>
    public ModelShape? ImageShape { get; init; }

    /// <summary>Characters of an example of text.</summary>
    public int SequenceLength { get; init; } = 80;
}
