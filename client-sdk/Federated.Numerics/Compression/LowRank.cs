using System.Numerics.Tensors;

namespace Federated.Numerics.Compression;

/// <summary>
/// A matrix as a product of two thin ones, M ≈ Σ_c left_c · right_cᵀ. The left vectors are orthonormal and right = Mᵀ · left, so the product is the projection of M on
/// their span: it never lengthens the rest.
/// </summary>
public static class LowRank
{
    private const int MostSteps = 100;
    private const double Tolerance = 1e-7;

    /// <summary>One power step from a start (PowerSGD, Vogels et al. 2019). How much of M it catches depends on the start.</summary>
    /// <param name="matrix">M, row by row.</param>
    /// <param name="rows">Rows of M.</param>
    /// <param name="columns">Columns of M.</param>
    /// <param name="rank">Vectors on each side, 1 to the smaller dimension.</param>
    /// <param name="start">Draws the start.</param>
    /// <param name="left">Receives rank vectors of <paramref name="rows"/> elements, one after another.</param>
    /// <param name="right">Receives rank vectors of <paramref name="columns"/> elements, one after another.</param>
    public static void PowerStep(
        ReadOnlySpan<float> matrix, int rows, int columns, int rank, CounterRandom start, Span<float> left, Span<float> right)
    {
        ArgumentNullException.ThrowIfNull(start);
        Check(matrix, rows, columns, rank, left, right);
        start.FillUniform(right[..(rank * columns)], -1, 1);
        Step(matrix, rows, columns, rank, left, right);
    }

    /// <summary>The best approximation of a rank (Eckart and Young): power steps until they catch no more.</summary>
    /// <inheritdoc cref="PowerStep" path="/param"/>
    public static void Truncate(
        ReadOnlySpan<float> matrix, int rows, int columns, int rank, CounterRandom start, Span<float> left, Span<float> right)
    {
        PowerStep(matrix, rows, columns, rank, start, left, right);
        double caught = Energy(right, rank * columns);
        for (int step = 1; step < MostSteps; step++)
        {
            Step(matrix, rows, columns, rank, left, right);
            double next = Energy(right, rank * columns);
            if (next - caught <= Tolerance * next && step >= 4)
            {
                return;
            }

            caught = next;
        }
    }

    /// <summary>One row of the product: <c>Σ_c left_c[row] · right_c</c>, the terms added in float32 in the order of c.</summary>
    /// <param name="left">The left vectors.</param>
    /// <param name="rows">Elements of a left vector.</param>
    /// <param name="right">The right vectors.</param>
    /// <param name="rank">Vectors on each side.</param>
    /// <param name="row">The row.</param>
    /// <param name="values">Receives the row; its length is that of a right vector.</param>
    public static void Row(ReadOnlySpan<float> left, int rows, ReadOnlySpan<float> right, int rank, int row, Span<float> values)
    {
        TensorPrimitives.Multiply(right[..values.Length], left[row], values);
        for (int c = 1; c < rank; c++)
        {
            TensorPrimitives.MultiplyAdd(right.Slice(c * values.Length, values.Length), left[(c * rows) + row], values, values);
        }
    }

    private static void Step(ReadOnlySpan<float> matrix, int rows, int columns, int rank, Span<float> left, Span<float> right)
    {
        for (int c = 0; c < rank; c++)
        {
            for (int row = 0; row < rows; row++)
            {
                left[(c * rows) + row] = (float)FixedLaneSums.Dot(matrix.Slice(row * columns, columns), right.Slice(c * columns, columns));
            }
        }

        Orthonormalise(left, rows, rank);
        right[..(rank * columns)].Clear();
        for (int row = 0; row < rows; row++)
        {
            for (int c = 0; c < rank; c++)
            {
                Span<float> target = right.Slice(c * columns, columns);
                TensorPrimitives.MultiplyAdd(matrix.Slice(row * columns, columns), left[(c * rows) + row], target, target);
            }
        }
    }

    /// <summary>Gram and Schmidt, twice over, in float64 inner products; a vector that depends on those before it becomes zero.</summary>
    private static void Orthonormalise(Span<float> vectors, int length, int count)
    {
        for (int c = 0; c < count; c++)
        {
            Span<float> vector = vectors.Slice(c * length, length);
            double before = Math.Sqrt(FixedLaneSums.Dot(vector, vector));
            for (int turn = 0; turn < 2; turn++)
            {
                for (int k = 0; k < c; k++)
                {
                    Span<float> other = vectors.Slice(k * length, length);
                    TensorPrimitives.MultiplyAdd(other, (float)-FixedLaneSums.Dot(vector, other), vector, vector);
                }
            }

            double after = Math.Sqrt(FixedLaneSums.Dot(vector, vector));
            if (after <= 1e-6 * before || after == 0)
            {
                vector.Clear();
            }
            else
            {
                TensorPrimitives.Multiply(vector, (float)(1 / after), vector);
            }
        }
    }

    private static double Energy(ReadOnlySpan<float> right, int length) => FixedLaneSums.Dot(right[..length], right[..length]);

    private static void Check(ReadOnlySpan<float> matrix, int rows, int columns, int rank, Span<float> left, Span<float> right)
    {
        if ((long)rows * columns != matrix.Length || rank < 1 || rank > Math.Min(rows, columns)
            || left.Length < rank * rows || right.Length < rank * columns)
        {
            throw new ArgumentException(
                $"A {rows} by {columns} matrix of rank {rank} does not fit {matrix.Length} values and factors of {left.Length} and {right.Length}.");
        }
    }
}
