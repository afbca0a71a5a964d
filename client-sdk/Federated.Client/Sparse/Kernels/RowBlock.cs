namespace Federated.Client.Sparse.Kernels;

/// <summary>Some rows of one channel.</summary>
internal readonly unsafe struct RowBlock(float* start, int rows, int length, int pitch)
{
    public readonly float* Start = start;

    public readonly int Rows = rows;

    /// <summary>Floats of a row.</summary>
    public readonly int Length = length;

    /// <summary>Floats from one row to the next.</summary>
    public readonly int Pitch = pitch;
}
