using System.Numerics;

namespace Federated.Client.Compression;

/// <summary>Sums of squares of float32 values in double precision: a square cannot overflow there, so a sum is finite exactly when every element is.</summary>
internal static class SquareSums
{
    /// <summary>Σ x².</summary>
    public static double Of(ReadOnlySpan<float> x)
    {
        Vector<double> low = Vector<double>.Zero, high = low;
        int i = 0;
        for (; i <= x.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Add(new Vector<float>(x[i..]), ref low, ref high);
        }

        double sum = Vector.Sum(low + high);
        for (; i < x.Length; i++)
        {
            sum += (double)x[i] * x[i];
        }

        return sum;
    }

    /// <summary>Σ (x − y)², the difference rounded to float32.</summary>
    public static double OfDifference(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        Vector<double> low = Vector<double>.Zero, high = low;
        int i = 0;
        for (; i <= x.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Add(new Vector<float>(x[i..]) - new Vector<float>(y[i..]), ref low, ref high);
        }

        double sum = Vector.Sum(low + high);
        for (; i < x.Length; i++)
        {
            double difference = x[i] - y[i];
            sum += difference * difference;
        }

        return sum;
    }

    /// <summary>Adds the squares of a vector's elements to two vectors of sums.</summary>
    public static void Add(Vector<float> value, ref Vector<double> low, ref Vector<double> high)
    {
        Vector.Widen(value, out Vector<double> first, out Vector<double> second);
        low = Vector.MultiplyAddEstimate(first, first, low);
        high = Vector.MultiplyAddEstimate(second, second, high);
    }
}
