using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Federated.Numerics;

/// <summary>Elementary operations on flat float32 vectors, vectorised. Spans of one call have equal lengths.</summary>
public static class VectorMath
{
    /// <summary><c>y ← y + a · x</c>.</summary>
    /// <param name="a">The factor.</param>
    /// <param name="x">The vector that is added.</param>
    /// <param name="y">The vector that is changed.</param>
    public static void Axpy(float a, ReadOnlySpan<float> x, Span<float> y) => TensorPrimitives.MultiplyAdd(x, a, y, y);

    /// <summary><c>destination ← x − y</c>.</summary>
    /// <param name="x">Minuend.</param>
    /// <param name="y">Subtrahend.</param>
    /// <param name="destination">Receives the difference; may be either operand.</param>
    public static void Subtract(ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> destination) =>
        TensorPrimitives.Subtract(x, y, destination);

    /// <summary><c>x ← a · x</c>.</summary>
    /// <param name="a">The factor.</param>
    /// <param name="x">The vector that is changed.</param>
    public static void Scale(float a, Span<float> x) => TensorPrimitives.Multiply(x, a, x);

    /// <summary>The inner product, accumulated in float64.</summary>
    /// <param name="x">One vector.</param>
    /// <param name="y">The other.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static double Dot(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        if (x.Length != y.Length)
        {
            throw new ArgumentException($"The vectors have {x.Length} and {y.Length} elements.", nameof(y));
        }

        Vector<double> sum0 = Vector<double>.Zero;
        Vector<double> sum1 = Vector<double>.Zero;
        int width = Vector<float>.Count;
        int i = 0;
        for (; i <= x.Length - width; i += width)
        {
            Vector.Widen(new Vector<float>(x[i..]), out Vector<double> xLow, out Vector<double> xHigh);
            Vector.Widen(new Vector<float>(y[i..]), out Vector<double> yLow, out Vector<double> yHigh);
            sum0 += xLow * yLow;
            sum1 += xHigh * yHigh;
        }

        double sum = Vector.Sum(sum0 + sum1);
        for (; i < x.Length; i++)
        {
            sum += (double)x[i] * y[i];
        }

        return sum;
    }

    /// <summary>The squared L2 norm, accumulated in float64.</summary>
    /// <param name="x">The vector.</param>
    public static double SquaredNorm(ReadOnlySpan<float> x) => Dot(x, x);

    /// <summary>
    /// One pass over a chunk: the squared L2 norm in float64 and whether every element is finite. Chunks may be cut
    /// anywhere; the squares add up.
    /// </summary>
    /// <param name="x">The chunk.</param>
    /// <param name="squaredNorm">The sum of squares; meaningless when an element is not finite.</param>
    /// <returns>Whether no element is NaN or infinite.</returns>
    public static bool FiniteSquaredNorm(ReadOnlySpan<float> x, out double squaredNorm)
    {
        // A square of a finite float32 fits a float64, so the sum is finite exactly when every element is.
        squaredNorm = Dot(x, x);
        return double.IsFinite(squaredNorm);
    }

    /// <summary>As <see cref="FiniteSquaredNorm(ReadOnlySpan{float}, out double)"/> over little-endian float32 bytes.</summary>
    /// <param name="littleEndian">The bytes; a multiple of 4.</param>
    /// <param name="squaredNorm">The sum of squares; meaningless when an element is not finite.</param>
    /// <exception cref="ArgumentException">The length is not a multiple of 4.</exception>
    public static bool FiniteSquaredNorm(ReadOnlySpan<byte> littleEndian, out double squaredNorm)
    {
        if (littleEndian.Length % sizeof(float) != 0)
        {
            throw new ArgumentException($"{littleEndian.Length} bytes are no whole number of float32.", nameof(littleEndian));
        }

        return FiniteSquaredNorm(MemoryMarshal.Cast<byte, float>(littleEndian), out squaredNorm);
    }
}
