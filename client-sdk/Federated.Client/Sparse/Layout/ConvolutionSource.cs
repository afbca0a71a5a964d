using Federated.Client.Sparse.Kernels;

namespace Federated.Client.Sparse.Layout;

/// <summary>
/// Where a convolution reads: the input itself for stride 1, otherwise a copy of it taken apart into stride² phases, so that the pixels under one tap are neighbours for every stride.
/// </summary>
internal sealed unsafe class ConvolutionSource
{
    private readonly Activation _input;
    private readonly Activation? _phases;
    private readonly int _stride;
    private readonly int _padding;
    private readonly int _used;

    public ConvolutionSource(Activation input, SparseLayer layer, int outputHeight, int outputWidth)
    {
        _input = input;
        ActivationLayout from = input.Layout;
        int kernel = layer.Kind == SparseLayerKind.Linear ? 1 : layer.Kernel;
        _stride = layer.Kind == SparseLayerKind.Linear ? 1 : layer.Stride;
        _padding = layer.Kind == SparseLayerKind.Linear ? 0 : layer.Padding;
        _used = Math.Min(kernel, _stride);
        if (_stride > 1)
        {
            int reach = (kernel - 1) / _stride;
            _phases = new Activation(new ActivationLayout(checked(from.Channels * _used * _used), outputHeight + reach, outputWidth + reach, 0, from.Lanes));
        }

        Layout = (_phases ?? input).Layout;
        Table = MakeTable(from.Channels, kernel);
        Geometry = GatherGeometry.Of(outputHeight, outputWidth * from.Lanes, Layout.RowPitch);
    }

    /// <summary>Channels of the input.</summary>
    public int InputChannels => _input.Layout.Channels;

    /// <summary>The layout that the table speaks of.</summary>
    public ActivationLayout Layout { get; }

    /// <summary>The memory that the kernels read.</summary>
    public float* Start => (_phases ?? _input).Start;

    /// <summary>For every column of the weight matrix, where the source of the first output starts.</summary>
    public int[] Table { get; }

    public GatherGeometry Geometry { get; }

    /// <summary>Takes the input apart; nothing to do for stride 1.</summary>
    public void Prepare(int firstChannel, int endChannel)
    {
        if (_phases is null)
        {
            return;
        }

        for (int channel = firstChannel; channel < endChannel; channel++)
        {
            for (int phase = 0; phase < _used * _used; phase++)
            {
                SplitPhase(channel, phase);
            }
        }
    }

    private void SplitPhase(int channel, int phase)
    {
        ActivationLayout to = _phases!.Layout, from = _input.Layout;
        int lanes = from.Lanes;
        for (int y = 0; y < to.Height; y++)
        {
            int row = (y * _stride) + (phase / _used) - _padding;
            if (row < 0 || row >= from.Height)
            {
                continue;
            }

            float* source = _input.Row(channel, row);
            float* destination = _phases.Row((channel * _used * _used) + phase, y);
            for (int x = 0; x < to.Width; x++)
            {
                int column = (x * _stride) + (phase % _used) - _padding;
                if (column >= 0 && column < from.Width)
                {
                    RowCopy.Copy(source + (column * lanes), destination + (x * lanes), lanes);
                }
            }
        }
    }

    private int[] MakeTable(int channels, int kernel)
    {
        int[] table = new int[channels * kernel * kernel];
        for (int i = 0; i < table.Length; i++)
        {
            int channel = i / (kernel * kernel), y = i / kernel % kernel, x = i % kernel;
            int offset = _phases is null
                ? (channel * Layout.PlanePitch) + ((Layout.Halo - _padding + y) * Layout.RowPitch) + ((Layout.Halo - _padding + x) * Layout.Lanes)
                : (((channel * _used * _used) + (y % _stride * _used) + (x % _stride)) * Layout.PlanePitch) + (y / _stride * Layout.RowPitch) + (x / _stride * Layout.Lanes);
            table[i] = offset;
        }

        return table;
    }
}
