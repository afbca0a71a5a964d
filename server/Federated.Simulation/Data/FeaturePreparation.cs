using Federated.Simulation.Models;

namespace Federated.Simulation.Data;

/// <summary>
/// Fills missing values and scales features, with statistics of the training part only: nothing of the test part reaches the model. The statistics
/// are pooled over the clients, which a real federation has to compute by a task of its own.
/// </summary>
internal static class FeaturePreparation
{
    public static void Apply(LoadedData data, int[] train, FeatureScaling scaling)
    {
        int length = data.Shape.FeatureLength;
        FillMissing(data.Features, length, train);
        bool auto = scaling == FeatureScaling.Auto;
        if (scaling == FeatureScaling.None || data.Format == DatasetFormat.Text || (auto && data.Format == DatasetFormat.Libsvm))
        {
            return;
        }

        // The pixels of an image share their scale: dead border pixels must not be blown up.
        int run = auto && data.Shape.Kind == ModelShapeKind.Image ? length / data.Shape.Dimensions[0] : 1;
        for (int start = 0; start < length; start += run)
        {
            if (run > 1 || !data.Indicators.Contains(start))
            {
                Standardise(data.Features, length, start, run, train);
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
