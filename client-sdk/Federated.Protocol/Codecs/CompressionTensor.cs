namespace Federated.Protocol.Codecs;

/// <summary>A tensor inside a flat vector.</summary>
/// <param name="Start">Its first element.</param>
/// <param name="Rows">Rows of the matrix that it is taken for; 1 for a vector.</param>
/// <param name="Columns">Columns of that matrix.</param>
public readonly record struct CompressionTensor(int Start, int Rows, int Columns)
{
    /// <summary>Elements.</summary>
    public int Length => Rows * Columns;
}
