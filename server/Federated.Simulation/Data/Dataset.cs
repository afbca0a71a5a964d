using Federated.Client.Training;
using Federated.Simulation.Models;

namespace Federated.Simulation.Data;

/// <summary>A data set ready for training: scaled, with its training and test rows.</summary>
public sealed class Dataset
{
    /// <summary>A short name for reports.</summary>
    public required string Name { get; init; }

    /// <summary>The format that it was read from.</summary>
    public required DatasetFormat Format { get; init; }

    /// <summary>The shape of an example.</summary>
    public required ModelShape Shape { get; init; }

    /// <summary>All examples, of both parts.</summary>
    public required ExampleSet Examples { get; init; }

    /// <summary>Names of the classes; the symbols of a text.</summary>
    public required IReadOnlyList<string> ClassNames { get; init; }

    /// <summary>The natural division of the examples; null when there is none.</summary>
    public ExampleGroups? Groups { get; init; }

    /// <summary>Rows of the training part, ascending.</summary>
    public required int[] Train { get; init; }

    /// <summary>Rows of the test part, ascending.</summary>
    public required int[] Test { get; init; }

    /// <summary>What the user should know about the reading.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Number of classes or symbols.</summary>
    public int ClassCount => ClassNames.Count;

    /// <summary>The same data set, changed in part; null leaves a part as it is.</summary>
    /// <param name="examples">Examples; rows keep their numbers.</param>
    /// <param name="train">Rows of the training part, ascending.</param>
    /// <param name="test">Rows of the test part, ascending.</param>
    public Dataset With(ExampleSet? examples = null, int[]? train = null, int[]? test = null) => new()
    {
        Name = Name,
        Format = Format,
        Shape = Shape,
        Examples = examples ?? Examples,
        ClassNames = ClassNames,
        Groups = Groups,
        Train = train ?? Train,
        Test = test ?? Test,
        Notes = Notes,
    };

    /// <summary>Reads, splits, fills missing values and scales.</summary>
    /// <param name="request">What to read.</param>
    /// <param name="testFraction">Share of the examples held out when the data set has no test part of its own, in (0, 1).</param>
    /// <param name="scaling">How features are scaled.</param>
    /// <param name="seed">Decides which examples are held out.</param>
    /// <exception cref="SimulationException">The data cannot be read; the message names the file and the place.</exception>
    public static Dataset Load(DatasetRequest request, double testFraction, FeatureScaling scaling, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(request);
        LoadedData data = DatasetReader.Read(request);
        (int[] train, int[] test) = TestSplit.Divide(data, testFraction, seed);
        ExampleSet examples = FeaturePreparation.Apply(data, train, scaling);
        return new Dataset
        {
            Name = BundledDatasets.Resolve(request) is null ? data.Name : request.Source,
            Format = data.Format,
            Shape = data.Shape,
            Examples = examples,
            ClassNames = data.ClassNames,
            Groups = data.Groups,
            Train = train,
            Test = test,
            Notes = data.Notes,
        };
    }
}
