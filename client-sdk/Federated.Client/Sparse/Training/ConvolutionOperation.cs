using System.Runtime.CompilerServices;
using Federated.Client.Sparse.Kernels;
using Federated.Client.Sparse.Layout;

namespace Federated.Client.Sparse.Training;

/// <summary>
/// A convolution or linear layer over active weights. Forward and the gradient of the input are weighted sums of shifted images; the gradient of a weight is the inner product of two images, found
/// for active weights alone.
/// </summary>
internal sealed unsafe class ConvolutionOperation : TrainingOperation
{
    /// <summary>Floats of an image that an inner product takes at a time, so that the images of all channels stay in the cache.</summary>
    private const int DotFloats = 2048;

    private readonly ActiveWeights _weights;
    private readonly TrainingValue _input;
    private readonly ConvolutionSource _source;
    private readonly InputGradient? _inputGradient;
    private readonly FloatBuffer[] _tiles;
    private readonly int[] _rowParts;
    private readonly int _tileParts;

    public ConvolutionOperation(
        TrainingContext context,
        ActiveWeights weights,
        SparseLayer layer,
        TrainingValue input,
        TrainingValue output,
        TrainingValue? residual,
        bool relu)
        : base(context, output, residual, relu)
    {
        _weights = weights;
        _input = input;
        ActivationLayout to = output.Value.Layout;
        _source = new ConvolutionSource(input.Value, layer, to.Height, to.Width);
        _inputGradient = input.NeedsGradient ? new InputGradient(context, weights, input, output.GradientLayout, _source.Layout) : null;
        _tiles = [.. Enumerable.Range(0, context.Workers.Count).Select(_ => new FloatBuffer(Math.Max(_source.Geometry.TileLength, _inputGradient?.TileLength ?? 0)))];
        _tileParts = Math.Min(_source.Geometry.Tiles, context.Workers.Parts);
        _rowParts = ActiveWeights.Split(weights.RowPointers, (context.Workers.Parts + _tileParts - 1) / _tileParts);
    }

    public override void Forward()
    {
        int channels = _input.Value.Layout.Channels;
        if (_weights.Stride > 1)
        {
            Context.Workers.Run(channels, (_, channel) => _source.Prepare(channel, channel + 1));
        }

        int parts = _rowParts.Length - 1;
        Context.Workers.Run(parts * _tileParts, (worker, task) => ForwardPart(worker, task % parts, task / parts));
    }

    protected override void BackwardCore(Activation gradient)
    {
        GateAll(gradient);
        int[] parts = ActiveWeights.Split(_weights.RowPointers, Context.Workers.Count == 1 ? 1 : 2 * Context.Workers.Count);
        Context.Workers.Run(parts.Length - 1, (_, part) => WeightGradients(gradient, parts[part], parts[part + 1]));
        if (Context.DenseRows is { } dense && dense.Positions.TryGetValue(_weights.Name, out int position))
        {
            HandOverDenseRows(gradient, position, dense.Sink);
        }

        if (_inputGradient is not null)
        {
            _weights.CopyTransposed(Context.Parameters + _weights.Start);
            _inputGradient.Run(gradient, _tiles);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ForwardPart(int worker, int rowPart, int tilePart)
    {
        GatherGeometry geometry = _source.Geometry;
        float* values = Context.Parameters + _weights.Start, tile = _tiles[worker].Start;
        int[] pointers = _weights.RowPointers;
        fixed (int* columns = _weights.ColumnIndices, table = _source.Table)
        {
            int firstTile = tilePart * geometry.Tiles / _tileParts, endTile = (tilePart + 1) * geometry.Tiles / _tileParts;
            for (int t = firstTile; t < endTile; t++)
            {
                int first = t * geometry.GroupsPerTile, end = Math.Min(first + geometry.GroupsPerTile, geometry.Sources.Length);
                int firstRow = t * geometry.RowsPerTile, endRow = Math.Min(firstRow + geometry.RowsPerTile, geometry.Rows);
                for (int channel = _rowParts[rowPart]; channel < _rowParts[rowPart + 1]; channel++)
                {
                    var row = new SparseRow(columns + pointers[channel], values + pointers[channel], pointers[channel + 1] - pointers[channel], table);
                    SparseKernels.Gather(row, geometry, first, end, _source.Start, tile);
                    float shift = _weights.Bias < 0 ? 0 : Context.Parameters[_weights.Bias + channel];
                    for (int y = firstRow; y < endRow; y++)
                    {
                        float* sums = tile + ((y - firstRow) * geometry.RowPitch);
                        SparseKernels.Finish(sums, geometry.RowLength, 0, 1, shift, ResidualRow(channel, y), Floor, Output.Value.Row(channel, y));
                    }
                }
            }
        }
    }

    private void WeightGradients(Activation gradient, int firstRow, int endRow)
    {
        float* sums = Context.Gradient + _weights.Start;
        Span<int> offsets = new int[_weights.Columns];
        foreach (RowBand band in RowBand.Of(gradient.Layout, DotFloats))
        {
            for (int channel = firstRow; channel < endRow; channel++)
            {
                ReadOnlySpan<int> columns = _weights.ColumnIndices.AsSpan(_weights.RowPointers[channel].._weights.RowPointers[channel + 1]);
                for (int k = 0; k < columns.Length; k++)
                {
                    offsets[k] = _source.Table[columns[k]];
                }

                fixed (int* shifts = offsets)
                {
                    AddDots(gradient, band, channel, shifts, columns.Length, sums + _weights.RowPointers[channel]);
                }
            }
        }

        for (int channel = firstRow; channel < endRow && _weights.Bias >= 0; channel++)
        {
            Context.Gradient[_weights.Bias + channel] += (float)TrainingKernels.Sum(gradient.Plane(channel));
        }
    }

    private void HandOverDenseRows(Activation gradient, int position, DenseRowSink sink)
    {
        int columns = _weights.Columns;
        float[] row = new float[columns];
        int parts = Math.Min(Context.Workers.Parts, columns);
        for (int channel = 0; channel < _weights.Rows; channel++)
        {
            Array.Clear(row);
            Context.Workers.Run(parts, (_, part) =>
            {
                int first = (int)((long)part * columns / parts), end = (int)((long)(part + 1) * columns / parts);
                fixed (int* table = _source.Table)
                {
                    fixed (float* sums = row)
                    {
                        foreach (RowBand band in RowBand.Of(gradient.Layout, DotFloats))
                        {
                            AddDots(gradient, band, channel, table + first, end - first, sums + first);
                        }
                    }
                }
            });
            sink(position, channel * columns, row);
        }
    }

    private void AddDots(Activation gradient, RowBand band, int channel, int* offsets, int count, float* sums)
    {
        float* source = _source.Start + ((nint)band.First * _source.Layout.RowPitch);
        TrainingKernels.AddDots(gradient.Rows(channel, band.First, band.Count), source, _source.Layout.RowPitch, offsets, count, sums);
    }
}
