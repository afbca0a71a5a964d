namespace Federated.Client.Sparse;

/// <summary>What a layer puts out for one example.</summary>
/// <param name="Channels">Channels, or features where the image is 1 × 1.</param>
/// <param name="Height">Rows of the image.</param>
/// <param name="Width">Columns of the image.</param>
public readonly record struct SparseShape(int Channels, int Height, int Width)
{
    /// <summary>Floats an example.</summary>
    public int Length => checked(Channels * Height * Width);
}
