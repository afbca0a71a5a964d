using Federated.Client.Training;
using Federated.Simulation.Models;

namespace Federated.Simulation.Data;

/// <summary>
/// Fills missing values and scales features, with statistics of the training part only: nothing of the test part reaches the model. The statistics
/// are pooled over the clients, which a real federation has to compute by a task of its own.
/// </summary>
internal static class FeaturePreparation
{
    /// <summary>An entry takes an index and a value: up to this share of entries, sparse rows take at most half the memory of dense ones.</summary>
    private const double MostDensity = 0.25;

    /// <summary>The examples, ready for training. Rows that are sparse stay so when they have few entries and are not scaled: shifted zeros are none.</summary>
    public static ExampleSet Apply(LoadedData data, int[] train, FeatureScaling scaling)
    {
        bool auto = scaling == FeatureScaling.Auto;
        bool scales = !(scaling == FeatureScaling.None || data.Format == DatasetFormat.Text || (auto && data.Format == DatasetFormat.Libsvm));
        ExampleSet? sparse = data.Sparse is { } rows ? new ExampleSet(rows, data.Labels, data.LabelLength) : null;
        if (sparse is not null && !scales && data.Sparse!.Density <= MostDensity)
        {
            return sparse;
        }

        int length = data.Shape.FeatureLength;
        float[] features = sparse is null ? data.Features : Dense(sparse, data.Name);
        FillMissing(features, length, train);
        if (scales)
        {
            Scale(data, features, train, auto);
        }

        return new ExampleSet(features, length, data.Labels, data.LabelLength);
    }

    private static float[] Dense(ExampleSet examples, string name)
    {
        long length = (long)examples.Count * examples.FeatureLength;
        if (length > Array.MaxLength)
        {
            throw new SimulationException(
                $"{name}: {examples.Count} examples of {examples.FeatureLength} features take {length * 4 / (1 << 30)} GiB as dense rows, which they become when they are scaled or more than a quarter of the features is set; at most {Array.MaxLength} numbers are supported.");
        }

        float[] dense = new float[length];
        for (int row = 0; row < examples.Count; row++)
        {
            examples.CopyRow(row, dense.AsSpan(row * examples.FeatureLength));
        }

        return dense;
    }

    private static void Scale(LoadedData data, float[] features, int[] train, bool auto)
    {
        int length = data.Shape.FeatureLength;

        // The pixels of an image share their scale: dead border pixels must not be blown up.
        int run = auto && data.Shape.Kind == ModelShapeKind.Image ? length / data.Shape.Dimensions[0] : 1;
        for (int start = 0; start < length; start += run)
        {
            if (run > 1 || !data.Indicators.Contains(start))
            {
                Standardise(features, length, start, run, train);
            }
        }
    }

    private static void Standardise(float[] features, int length, int start, int run, int[] train)
    {
        double sum = 0, squares = 0;
        foreach (int row in train)
        {
            foreach (float value in features.AsSpan((row * length) + start, run))
            {
                sum += value;
                squares += (double)value * value;
            }
        }

        double count = (double)train.Length * run;
        double mean = sum / count;
        double deviation = Math.Sqrt(Math.Max(0, (squares / count) - (mean * mean)));
        // A constant feature carries nothing; dividing by its rounding noise would.
        double factor = deviation > 1e-6 * Math.Max(1, Math.Abs(mean)) ? 1 / deviation : 0;
        for (int row = 0; row < features.Length / length; row++)
        {
            foreach (ref float value in features.AsSpan((row * length) + start, run))
            {
                value = (float)((value - mean) * factor);
            }
        }
    }

    private static void FillMissing(float[] features, int length, int[] train)
    {
        bool[] holes = new bool[length];
        for (int i = 0; i < features.Length; i++)
        {
            if (float.IsNaN(features[i]))
            {
                holes[i % length] = true;
            }
        }

        for (int column = 0; column < length; column++)
        {
            if (holes[column])
            {
                float median = MedianOf(features, length, column, train);
                for (int i = column; i < features.Length; i += length)
                {
                    features[i] = float.IsNaN(features[i]) ? median : features[i];
                }
            }
        }
    }

    // A column that is missing in the whole training part is constant.
    private static float MedianOf(float[] features, int length, int column, int[] train)
    {
        float[] known = [.. train.Select(row => features[(row * length) + column]).Where(value => !float.IsNaN(value)).Order()];
        int middle = known.Length / 2;
        return known.Length == 0 ? 0 : known.Length % 2 == 1 ? known[middle] : (known[middle - 1] + known[middle]) / 2;
    }
}
