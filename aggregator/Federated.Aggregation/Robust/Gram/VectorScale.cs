using System.Numerics.Tensors;

namespace Federated.Aggregation.Robust.Gram;

/// <summary>Brings vectors whose squares would leave float32's range into it, by a power of two.</summary>
internal static class VectorScale
{
    // Squares between these do not overflow float32, and what underflows does not count.
    private const double SafeLargest = 1e30;
    private const double SafeSmallest = 1e-24;

    /// <summary>The factor, 1 for a vector that is in range, has a NaN or an infinity, or is zero.</summary>
    /// <param name="vector">The vector.</param>
    /// <param name="square">Its squared norm, which may have overflowed.</param>
    public static double For(ReadOnlySpan<float> vector, double square) =>
        square is not (>= SafeSmallest and <= SafeLargest) && Largest(vector) is > 0 and < float.PositiveInfinity and float largest
            ? Math.ScaleB(1, -Math.ILogB(largest))
            : 1;

    public static float[] Apply(ReadOnlySpan<float> vector, double scale)
    {
        float[] copy = new float[vector.Length];
        for (int i = 0; i < copy.Length; i++)
        {
            copy[i] = (float)(vector[i] * scale);
        }

        return copy;
    }

    private static float Largest(ReadOnlySpan<float> vector) => vector.IsEmpty ? 0 : Math.Abs(TensorPrimitives.MaxMagnitude(vector));
}
