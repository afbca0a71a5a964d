using System.Globalization;

namespace Federated.Simulation.Data.Libsvm;

/// <summary>Reads LIBSVM's sparse text. Labels are -1 and 1, 0 and 1, or any set of numbers that can be classes.</summary>
internal static class LibsvmReader
{
    public static LoadedData Read(DatasetRequest request)
    {
        var rows = new LibsvmRows();
        rows.Read(request.Source);
        int trainRows = rows.Labels.Count;
        if (request.TestSource is { } test)
        {
            rows.Read(test);
        }

        if (rows.LargestIndex < 0)
        {
            throw new SimulationException($"{request.Source}: no example has a feature.");
        }

        int offset = rows.SmallestIndex == 0 ? 0 : 1;
        int features = rows.LargestIndex + 1 - offset;
        if ((long)rows.Labels.Count * features > Array.MaxLength)
        {
            throw new SimulationException(
                $"{request.Source}: {rows.Labels.Count} examples of {features} features take {(long)rows.Labels.Count * features * 4 / (1 << 30)} GiB as a dense matrix, which is what models train on; at most {Array.MaxLength} numbers are supported.");
        }

        string[] texts = [.. rows.Labels.Select(label => label.ToString(CultureInfo.InvariantCulture))];
        var classes = new ClassLabels(texts.ToHashSet(StringComparer.Ordinal), request.Source);
        return new LoadedData
        {
            Name = Path.GetFileNameWithoutExtension(DataFile.WithoutGz(request.Source)),
            Format = DatasetFormat.Libsvm,
            Shape = DatasetShape.For(request, features),
            Features = Dense(rows, features, offset),
            Labels = [.. texts.Select(text => classes.Codes[text])],
            ClassNames = classes.Names,
            TestStart = trainRows,
        };
    }

    private static float[] Dense(LibsvmRows rows, int features, int offset)
    {
        float[] matrix = new float[rows.Labels.Count * features];
        for (int row = 0; row < rows.Labels.Count; row++)
        {
            for (int i = rows.Starts[row]; i < rows.Starts[row + 1]; i++)
            {
                matrix[(row * features) + rows.Indices[i] - offset] = rows.Values[i];
            }
        }

        return matrix;
    }
}
