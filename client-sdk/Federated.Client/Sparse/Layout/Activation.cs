using Federated.Client.Sparse.Kernels;

namespace Federated.Client.Sparse.Layout;

/// <summary>A panel of one layer's outputs. The halo is zero from the start and nobody writes it.</summary>
internal sealed unsafe class Activation(ActivationLayout layout)
{
    private readonly FloatBuffer _buffer = new(layout.Length);

    public ActivationLayout Layout { get; } = layout;

    public float* Start => _buffer.Start;

    public Span<float> Span => _buffer.Span;

    /// <summary>The first pixel of a row of a channel.</summary>
    public float* Row(int channel, int row) =>
        _buffer.Start + ((nint)channel * Layout.PlanePitch) + Layout.Interior + ((nint)row * Layout.RowPitch);

    /// <summary>Some rows of a channel.</summary>
    public RowBlock Rows(int channel, int first, int count) => new(Row(channel, first), count, Layout.RowLength, Layout.RowPitch);

    /// <summary>A whole channel.</summary>
    public RowBlock Plane(int channel) => Rows(channel, 0, Layout.Height);
}
