using System.Runtime.CompilerServices;
using Federated.Client.Sparse.Kernels;
using Federated.Client.Sparse.Layout;

namespace Federated.Client.Sparse.Inference;

/// <summary>A convolution or linear layer with what follows it while its sums are still in the cache: bias, the addition of a shortcut, ReLU.</summary>
internal sealed unsafe class ConvolutionStep(SparseLayerWeights weights, ConvolutionSource source, Activation output, Activation? residual, bool relu) : IInferenceStep
{
    private readonly FloatBuffer _tile = new(source.Geometry.TileLength);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run()
    {
        source.Prepare(0, source.InputChannels);
        CsrMatrix matrix = weights.Matrix!;
        GatherGeometry geometry = source.Geometry;
        ReadOnlySpan<int> pointers = matrix.RowPointers.Span;
        ReadOnlySpan<float> shift = weights.Shift.Span;
        fixed (int* columns = matrix.ColumnIndices.Span, table = source.Table)
        {
            fixed (float* values = matrix.Values.Span)
            {
                for (int tile = 0; tile < geometry.Tiles; tile++)
                {
                    int first = tile * geometry.GroupsPerTile, end = Math.Min(first + geometry.GroupsPerTile, geometry.Sources.Length);
                    for (int channel = 0; channel < matrix.Rows; channel++)
                    {
                        var row = new SparseRow(columns + pointers[channel], values + pointers[channel], pointers[channel + 1] - pointers[channel], table);
                        SparseKernels.Gather(row, geometry, first, end, source.Start, _tile.Start);
                        Finish(tile, channel, shift.IsEmpty ? 0 : shift[channel]);
                    }
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Finish(int tile, int channel, float shift)
    {
        GatherGeometry geometry = source.Geometry;
        int firstRow = tile * geometry.RowsPerTile, endRow = Math.Min(firstRow + geometry.RowsPerTile, geometry.Rows);
        float floor = relu ? 0 : float.NegativeInfinity;
        for (int row = firstRow; row < endRow; row++)
        {
            float* sums = _tile.Start + ((row - firstRow) * geometry.RowPitch);
            SparseKernels.Finish(sums, geometry.RowLength, 0, 1, shift, residual is null ? null : residual.Row(channel, row), floor, output.Row(channel, row));
        }
    }
}
