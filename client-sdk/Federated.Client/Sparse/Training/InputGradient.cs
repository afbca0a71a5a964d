using System.Runtime.CompilerServices;
using Federated.Client.Sparse.Kernels;
using Federated.Client.Sparse.Layout;

namespace Federated.Client.Sparse.Training;

/// <summary>
/// The gradient of a convolution's input: for every input channel the sum of the shifted gradients of the outputs that its weights lead to. For a stride above 1, each phase of the input is found by
/// itself and put in its place.
/// </summary>
internal sealed unsafe class InputGradient
{
    private readonly TrainingContext _context;
    private readonly ActiveWeights _weights;
    private readonly TrainingValue _input;
    private readonly GatherGeometry _geometry;
    private readonly int[] _table;
    private readonly int[] _parts;
    private readonly int _tileParts;

    public InputGradient(TrainingContext context, ActiveWeights weights, TrainingValue input, ActivationLayout gradient, ActivationLayout source)
    {
        _context = context;
        _weights = weights;
        _input = input;
        ActivationLayout to = input.GradientLayout;
        _geometry = weights.Stride == 1
            ? GatherGeometry.Of(to.Height, to.RowLength, gradient.RowPitch)
            : GatherGeometry.Of(source.Height, source.RowLength, gradient.RowPitch);
        _table = MakeTable(weights, gradient);

        // A phase is put in place as a whole, so only stride 1 is cut into tiles.
        _tileParts = weights.Stride == 1 ? Math.Min(_geometry.Tiles, context.Workers.Parts) : 1;
        _parts = ActiveWeights.Split(ChannelPointers(weights), (context.Workers.Parts + _tileParts - 1) / _tileParts);
    }

    /// <summary>Floats that a worker needs.</summary>
    public int TileLength => _weights.Stride == 1 ? _geometry.TileLength : _geometry.ResultLength;

    public void Run(Activation gradient, FloatBuffer[] tiles)
    {
        Activation to = _input.Write(out bool accumulates);
        int parts = _parts.Length - 1;
        _context.Workers.Run(parts * _tileParts, (worker, task) =>
        {
            fixed (int* taps = _weights.Taps, table = _table)
            {
                fixed (float* values = _weights.Transposed)
                {
                    var row = new SparseRow(taps, values, 0, table);
                    int first = _parts[task % parts], end = _parts[(task % parts) + 1];
                    if (_weights.Stride == 1)
                    {
                        RunTiles(row, gradient, to, accumulates, tiles[worker].Start, (first, end), task / parts);
                    }
                    else
                    {
                        for (int channel = first; channel < end; channel++)
                        {
                            RunPhases(row, gradient, to, accumulates, tiles[worker].Start, channel);
                        }
                    }
                }
            }
        });
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RunTiles(SparseRow all, Activation gradient, Activation to, bool accumulates, float* tile, (int First, int End) channels, int tilePart)
    {
        int firstTile = tilePart * _geometry.Tiles / _tileParts, endTile = (tilePart + 1) * _geometry.Tiles / _tileParts;
        for (int t = firstTile; t < endTile; t++)
        {
            int first = t * _geometry.GroupsPerTile, end = Math.Min(first + _geometry.GroupsPerTile, _geometry.Sources.Length);
            int firstRow = t * _geometry.RowsPerTile, endRow = Math.Min(firstRow + _geometry.RowsPerTile, _geometry.Rows);
            for (int channel = channels.First; channel < channels.End; channel++)
            {
                SparseKernels.Gather(RowOf(all, channel), _geometry, first, end, gradient.Start, tile);
                for (int y = firstRow; y < endRow; y++)
                {
                    float* destination = to.Row(channel, y);
                    float* sums = tile + ((y - firstRow) * _geometry.RowPitch);
                    SparseKernels.Finish(sums, _geometry.RowLength, 0, 1, 0, accumulates ? destination : null, float.NegativeInfinity, destination);
                }
            }
        }
    }

    private void RunPhases(SparseRow all, Activation gradient, Activation to, bool accumulates, float* plane, int channel)
    {
        ActivationLayout layout = to.Layout;
        for (int y = 0; y < layout.Height && !accumulates; y++)
        {
            new Span<float>(to.Row(channel, y), layout.RowLength).Clear();
        }

        int used = Math.Min(_weights.Kernel, _weights.Stride);
        for (int phase = 0; phase < _weights.Phases; phase++)
        {
            SparseKernels.Gather(RowOf(all, (channel * _weights.Phases) + phase), _geometry, 0, _geometry.Sources.Length, gradient.Start, plane);
            for (int y = 0; y < _geometry.Rows; y++)
            {
                int row = (y * _weights.Stride) + (phase / used) - _weights.Padding;
                for (int x = 0; x * layout.Lanes < _geometry.RowLength && row >= 0 && row < layout.Height; x++)
                {
                    int column = (x * _weights.Stride) + (phase % used) - _weights.Padding;
                    if (column >= 0 && column < layout.Width)
                    {
                        SparseKernels.AddScaled(plane + (y * _geometry.RowPitch) + (x * layout.Lanes), layout.Lanes, 1, to.Row(channel, row) + (column * layout.Lanes));
                    }
                }
            }
        }
    }

    private SparseRow RowOf(SparseRow all, int plane)
    {
        int start = _weights.PlanePointers[plane];
        return new SparseRow(all.Columns + start, all.Values + start, _weights.PlanePointers[plane + 1] - start, all.Table);
    }

    private static int[] ChannelPointers(ActiveWeights weights)
    {
        int[] pointers = new int[((weights.PlanePointers.Length - 1) / weights.Phases) + 1];
        for (int i = 0; i < pointers.Length; i++)
        {
            pointers[i] = weights.PlanePointers[i * weights.Phases];
        }

        return pointers;
    }

    private static int[] MakeTable(ActiveWeights weights, ActivationLayout gradient)
    {
        int kernel = weights.Kernel, taps = kernel * kernel;
        int[] table = new int[weights.Rows * taps];
        for (int i = 0; i < table.Length; i++)
        {
            int y = i % taps / kernel, x = i % kernel;
            (y, x) = weights.Stride == 1
                ? (gradient.Halo + weights.Padding - y, gradient.Halo + weights.Padding - x)
                : (gradient.Halo - (y / weights.Stride), gradient.Halo - (x / weights.Stride));
            table[i] = (i / taps * gradient.PlanePitch) + (y * gradient.RowPitch) + (x * gradient.Lanes);
        }

        return table;
    }
}
