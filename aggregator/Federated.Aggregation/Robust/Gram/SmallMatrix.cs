using System.Numerics.Tensors;

namespace Federated.Aggregation.Robust.Gram;

/// <summary>Dense float64 matrices in rows, as many rows as clients in a round.</summary>
internal static class SmallMatrix
{
    public static double[][] New(int rows, int columns, Func<int, int, double> value)
    {
        var matrix = new double[rows][];
        for (int i = 0; i < rows; i++)
        {
            matrix[i] = new double[columns];
            for (int j = 0; j < columns; j++)
            {
                matrix[i][j] = value(i, j);
            }
        }

        return matrix;
    }

    /// <summary>The transpose; <paramref name="rows"/> is the matrix's number of rows, told because it may have no columns.</summary>
    public static double[][] Transpose(double[][] matrix, int rows) =>
        New(rows == 0 ? 0 : matrix[0].Length, rows, (i, j) => matrix[j][i]);

    public static double[][] Multiply(double[][] left, double[][] right)
    {
        int columns = right.Length == 0 ? 0 : right[0].Length;
        var product = new double[left.Length][];
        for (int i = 0; i < left.Length; i++)
        {
            product[i] = new double[columns];
            for (int k = 0; k < right.Length; k++)
            {
                double factor = left[i][k];
                if (factor != 0)
                {
                    TensorPrimitives.MultiplyAdd<double>(right[k], factor, product[i], product[i]);
                }
            }
        }

        return product;
    }

    /// <summary>The lower Cholesky factor of a positive definite matrix.</summary>
    public static double[][] Cholesky(double[][] matrix)
    {
        int n = matrix.Length;
        double[][] factor = New(n, n, (_, _) => 0);
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                double sum = matrix[i][j];
                for (int k = 0; k < j; k++)
                {
                    sum -= factor[i][k] * factor[j][k];
                }

                factor[i][j] = i == j ? Math.Sqrt(sum) : sum / factor[j][j];
            }
        }

        return factor;
    }
}
