using Federated.Simulation.Models;

namespace Federated.Simulation.Data;

/// <summary>The data sets that come with the application, in its folder <c>data</c>.</summary>
public static class BundledDatasets
{
    /// <summary>Names, what they are, and how their files are read.</summary>
    public static IReadOnlyList<BundledDataset> All { get; } =
    [
        new("digits", "1,797 hand-written digits, 8 x 8 pixels, 10 classes (UCI, CC BY 4.0)", new DatasetRequest
        {
            Source = "digits.csv.gz", Format = DatasetFormat.Csv, Header = false, Separator = ',', ImageShape = ModelShape.Image(1, 8, 8),
        }),
        new("heart-disease", "920 patients of four hospitals, 13 features, disease or not (UCI, CC BY 4.0)", new DatasetRequest
        {
            Source = "heart-disease", Format = DatasetFormat.Csv, Header = false, Separator = ',', Label = "14:>0", Missing = "?:median",
        }),
    ];

    /// <summary>Puts what the request leaves open to what a bundled data set needs, or returns null when its name is none.</summary>
    internal static DatasetRequest? Resolve(DatasetRequest request)
    {
        if (All.FirstOrDefault(dataset => dataset.Name == request.Source) is not { } bundled)
        {
            return null;
        }

        DatasetRequest own = bundled.Request;
        return request with
        {
            Source = Path.Combine(AppContext.BaseDirectory, "data", own.Source),
            Format = own.Format,
            Header = own.Header,
            Separator = own.Separator,
            Label = request.Label ?? own.Label,
            Missing = request.Missing ?? own.Missing,
            ImageShape = request.ImageShape ?? own.ImageShape,
        };
    }
}
