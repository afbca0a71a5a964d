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
        string[] texts = [.. rows.Labels.Select(label => label.ToString(CultureInfo.InvariantCulture))];
        var classes = new ClassLabels(texts.ToHashSet(StringComparer.Ordinal), request.Source);
        return new LoadedData
        {
            Name = Path.GetFileNameWithoutExtension(DataFile.WithoutGz(request.Source)),
            Format = DatasetFormat.Libsvm,
            Shape = DatasetShape.For(request, features),
            Sparse = rows.ToMatrix(features, offset),
            Labels = [.. texts.Select(text => classes.Codes[text])],
            ClassNames = classes.Names,
            TestStart = trainRows,
        };
    }
}
