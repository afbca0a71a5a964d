namespace Federated.Client.Sparse.Layout;

/// <summary>
/// How a panel of examples lies in memory: channel, row, column, example. The examples of one pixel are neighbours, so vectors are full whatever the image's width, and a shift of the image is
/// a shift of the address. A halo of zeros around every channel stands for the padding of the convolutions that read it.
/// </summary>
/// <param name="Channels">Channels.</param>
/// <param name="Height">Rows without the halo.</param>
/// <param name="Width">Columns without the halo.</param>
/// <param name="Halo">Rows and columns of zeros on each side.</param>
/// <param name="Lanes">Examples of the panel.</param>
internal readonly record struct ActivationLayout(int Channels, int Height, int Width, int Halo, int Lanes)
{
    /// <summary>Floats from one row to the next.</summary>
    public int RowPitch => (Width + (2 * Halo)) * Lanes;

    /// <summary>Floats from one channel to the next.</summary>
    public int PlanePitch => (Height + (2 * Halo)) * RowPitch;

    /// <summary>Floats of a row without the halo.</summary>
    public int RowLength => Width * Lanes;

    /// <summary>Where the first pixel of a channel is.</summary>
    public int Interior => (Halo * RowPitch) + (Halo * Lanes);

    /// <summary>Floats of all channels. More than an array holds are refused.</summary>
    public int Length => checked((int)((long)Channels * (Height + (2 * Halo)) * (Width + (2 * Halo)) * Lanes));
}
