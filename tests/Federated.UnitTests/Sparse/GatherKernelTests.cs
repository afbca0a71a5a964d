using System.Runtime.Intrinsics;
using Federated.Client.Sparse;
using Federated.Client.Sparse.Kernels;
using Federated.Client.Sparse.Layout;

namespace Federated.UnitTests.Sparse;

/// <summary>Every width against the definition; a width that the processor lacks runs in software.</summary>
public sealed unsafe class GatherKernelTests
{
    [Theory]
    [InlineData(256, 1)]
    [InlineData(64, 3)]
    [InlineData(16, 1)]
    [InlineData(100, 2)]
    [InlineData(700, 1)]
    [InlineData(1, 1)]
    public void Gather_AnyWidth_EqualsTheDefinition(int rowLength, int rows)
    {
        int pitch = rowLength + 10, plane = rows * pitch, sources = 40;
        var buffer = new FloatBuffer((long)plane * sources);
        SparseModels.Images(1, buffer.Length).CopyTo(buffer.Span);
        GatherGeometry geometry = GatherGeometry.Of(rows, rowLength, pitch);
        var matrix = CsrMatrix.FromDense(1, sources, SparseModels.Images(1, sources, seed: 3).Select((value, i) => i % 3 == 0 ? 0 : value).ToArray());
        int[] table = [.. Enumerable.Range(0, sources).Select(i => i * plane)];

        float[] wide = Run<Lanes512, Vector512<float>>(matrix, table, geometry, buffer);
        float[] half = Run<Lanes256, Vector256<float>>(matrix, table, geometry, buffer);
        float[] small = Run<Lanes128, Vector128<float>>(matrix, table, geometry, buffer);

        double[] expected = new double[rows * rowLength];
        for (int i = 0; i < expected.Length; i++)
        {
            int at = (i / rowLength * pitch) + (i % rowLength);
            for (int k = 0; k < matrix.Count; k++)
            {
                expected[i] += (double)matrix.Values.Span[k] * buffer.Span[(matrix.ColumnIndices.Span[k] * plane) + at];
            }
        }

        foreach (float[] actual in (float[][])[wide, half, small])
        {
            Closeness.Holds(expected, Enumerable.Range(0, expected.Length).Select(i => actual[(i / rowLength * geometry.RowPitch) + (i % rowLength)]), 1e-6);
        }
    }

    private static float[] Run<TLanes, TVector>(CsrMatrix matrix, int[] table, GatherGeometry geometry, FloatBuffer source)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        float[] result = new float[geometry.ResultLength];
        fixed (float* values = matrix.Values.Span, destination = result)
        {
            fixed (int* columns = matrix.ColumnIndices.Span, offsets = table)
            {
                SparseKernels.Gather<TLanes, TVector>(new SparseRow(columns, values, matrix.Count, offsets), geometry, 0, geometry.Sources.Length, source.Start, destination);
            }
        }

        return result;
    }
}
