using System.Runtime.Intrinsics;
using Federated.Client.Sparse;
using Federated.Client.Sparse.Kernels;

namespace Federated.UnitTests.Sparse;

public sealed unsafe class PanelProductTests
{
    [Theory]
    [InlineData(5, 7, 1, 0.5, 1)]
    [InlineData(700, 90, 3, 0.05, 2)]
    [InlineData(513, 20, 2, 1.0, 3)]
    [InlineData(4, 4, 1, 0.0, 1)]
    public void Multiply_AnyShape_EqualsTheDefinition(int rows, int columns, int panels, double density, int workers)
    {
        var (matrix, input) = Task(rows, columns, panels, density);
        float[] result = new float[rows * PanelProduct.PanelWidth * panels];
        Array.Fill(result, float.NaN);

        new PanelProduct(matrix).Multiply(input, result, workers);

        Closeness.Holds(Reference(matrix, input, panels).Append(1), result.Append(1f));
    }

    [Fact]
    public void Add_AnyWidth_EqualsTheDefinition()
    {
        var (matrix, input) = Task(6, 9, 1, 0.6);
        int[] rows = [.. Enumerable.Range(0, 6).SelectMany(row => Enumerable.Repeat(row * 16, matrix.RowPointers.Span[row + 1] - matrix.RowPointers.Span[row]))];
        int[] columns = [.. matrix.ColumnIndices.ToArray().Select(column => column * 16)];
        float[] wide = new float[96], half = new float[96], small = new float[96];

        fixed (int* c = columns, r = rows)
        {
            fixed (float* v = matrix.Values.Span, x = input, a = wide, b = half, d = small)
            {
                ProductKernel<Lanes512, Vector512<float>>.Add(c, r, v, rows.Length, x, a);
                ProductKernel<Lanes256, Vector256<float>>.Add(c, r, v, rows.Length, x, b);
                ProductKernel<Lanes128, Vector128<float>>.Add(c, r, v, rows.Length, x, d);
            }
        }

        double[] expected = Reference(matrix, input, 1);
        Closeness.Holds(expected, wide);
        Closeness.Holds(expected, half);
        Closeness.Holds(expected, small);
    }

    [Fact]
    public void Multiply_WrongLengths_IsRefused()
    {
        var product = new PanelProduct(CsrMatrix.FromDense(2, 3, [1, 0, 2, 0, 3, 0]));

        Assert.Throws<ArgumentException>(() => product.Multiply(new float[47], new float[32]));
        Assert.Throws<ArgumentException>(() => product.Multiply(new float[48], new float[31]));
    }

    private static (CsrMatrix Matrix, float[] Input) Task(int rows, int columns, int panels, double density)
    {
        float[] dense = SparseModels.Images(1, rows * columns);
        var random = new Federated.Numerics.CounterRandom(5, Federated.Numerics.RandomPurpose.Test);
        for (int i = 0; i < dense.Length; i++)
        {
            dense[i] = random.NextSingle() < density ? dense[i] : 0;
        }

        return (CsrMatrix.FromDense(rows, columns, dense), SparseModels.Images(1, columns * 16 * panels, seed: 4));
    }

    private static double[] Reference(CsrMatrix matrix, float[] input, int panels)
    {
        double[] result = new double[matrix.Rows * 16 * panels];
        for (int i = 0; i < result.Length; i++)
        {
            int lane = i % 16, row = i / 16 % matrix.Rows, panel = i / 16 / matrix.Rows;
            for (int k = matrix.RowPointers.Span[row]; k < matrix.RowPointers.Span[row + 1]; k++)
            {
                result[i] += (double)matrix.Values.Span[k] * input[(((panel * matrix.Columns) + matrix.ColumnIndices.Span[k]) * 16) + lane];
            }
        }

        return result;
    }
}
