namespace Federated.Client.Sparse.Kernels;

/// <summary>A row of pooling windows.</summary>
/// <param name="Height">Pixels of a window, down.</param>
/// <param name="Width">Pixels of a window, across.</param>
/// <param name="Stride">Pixels from one window to the next.</param>
/// <param name="Lanes">Floats of a pixel.</param>
/// <param name="Count">Windows.</param>
internal readonly record struct PoolWindows(int Height, int Width, int Stride, int Lanes, int Count)
{
    /// <summary>Pixels of a window.</summary>
    public int Pixels => Height * Width;

    /// <summary>Floats from one window to the next.</summary>
    public int Step => Stride * Lanes;

    /// <summary>Where a pixel of a window lies behind its corner, in a plane of so many floats a row.</summary>
    public int Offset(int pixel, int pitch) => (pixel / Width * pitch) + (pixel % Width * Lanes);
}
