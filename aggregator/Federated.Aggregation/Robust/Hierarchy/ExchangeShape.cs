namespace Federated.Aggregation.Robust.Hierarchy;

/// <summary>The entry of a block in the table of a message.</summary>
/// <param name="Section">Position of the section in the round's plan.</param>
/// <param name="Content">What the block holds.</param>
/// <param name="From">Where a range starts; 0 where there is none.</param>
/// <param name="Rows">Vectors.</param>
/// <param name="Columns">Elements of each.</param>
public readonly record struct ExchangeShape(int Section, ExchangeContent Content, int From, int Rows, int Columns)
{
    /// <summary>Whether the elements are float32; float64 otherwise.</summary>
    public bool IsSingle => Content <= ExchangeContent.Sum;

    /// <summary>Bytes of a row.</summary>
    public long RowBytes => (long)Columns * (IsSingle ? sizeof(float) : sizeof(double));

    /// <summary>Bytes of the block.</summary>
    public long Bytes => Rows * RowBytes;
}
