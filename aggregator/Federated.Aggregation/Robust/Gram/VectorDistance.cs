using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Federated.Aggregation.Robust.Gram;

/// <summary>Distances of float32 vectors whose squares need not be in float32's range.</summary>
public static class VectorDistance
{
    /// <summary>The L2 distance.</summary>
    /// <param name="a">A vector.</param>
    /// <param name="b">As long.</param>
    public static double Of(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        // Half the work where it does.
        float distance = TensorPrimitives.Distance(a, b);
        return float.IsNormal(distance) ? distance : Math.Sqrt(Squared(a, b));
    }

    /// <summary>The squared L2 distance, in float64 from the differences on.</summary>
    /// <param name="a">A vector.</param>
    /// <param name="b">As long.</param>
    public static double Squared(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        ReadOnlySpan<Vector<float>> wideA = MemoryMarshal.Cast<float, Vector<float>>(a), wideB = MemoryMarshal.Cast<float, Vector<float>>(b);
        Vector<double> low = Vector<double>.Zero, high = Vector<double>.Zero;
        for (int i = 0; i < wideA.Length; i++)
        {
            Vector.Widen(wideA[i] - wideB[i], out Vector<double> first, out Vector<double> second);
            low += first * first;
            high += second * second;
        }

        double sum = Vector.Sum(low + high);
        for (int i = wideA.Length * Vector<float>.Count; i < a.Length; i++)
        {
            double difference = a[i] - b[i];
            sum += difference * difference;
        }

        return sum;
    }
}
