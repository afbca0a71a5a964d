namespace Federated.Aggregation.Robust.Hierarchy;

/// <summary>A matrix in a message between nodes: float32 vectors, or float64 numbers in row order.</summary>
public sealed record ExchangeBlock
{
    private ExchangeBlock(ExchangeShape shape, IReadOnlyList<ReadOnlyMemory<float>> single, double[] wide)
    {
        Shape = shape;
        Single = single;
        Wide = wide;
    }

    /// <summary>What and how much it holds.</summary>
    public ExchangeShape Shape { get; }

    /// <summary>The rows of a float32 block; empty otherwise.</summary>
    public IReadOnlyList<ReadOnlyMemory<float>> Single { get; }

    /// <summary>The numbers of a float64 block; empty otherwise.</summary>
    public double[] Wide { get; }

    /// <summary>A block of vectors.</summary>
    /// <param name="section">Position of the section.</param>
    /// <param name="content">A float32 content.</param>
    /// <param name="from">Where the range starts, or the number of the turn.</param>
    /// <param name="rows">Equally long vectors.</param>
    public static ExchangeBlock OfVectors(int section, ExchangeContent content, int from, IReadOnlyList<ReadOnlyMemory<float>> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        var shape = new ExchangeShape(section, content, from, rows.Count, rows.Count == 0 ? 0 : rows[0].Length);
        return shape.IsSingle && rows.All(row => row.Length == shape.Columns)
            ? new ExchangeBlock(shape, rows, [])
            : throw new ArgumentException($"{content} does not hold these {rows.Count} vectors of float32.", nameof(rows));
    }

    /// <summary>A block of numbers.</summary>
    /// <param name="section">Position of the section.</param>
    /// <param name="content">A float64 content.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="numbers">The numbers in row order.</param>
    public static ExchangeBlock OfNumbers(int section, ExchangeContent content, int rows, double[] numbers)
    {
        ArgumentNullException.ThrowIfNull(numbers);
        var shape = new ExchangeShape(section, content, 0, rows, rows == 0 ? 0 : numbers.Length / rows);
        return !shape.IsSingle && (long)rows * shape.Columns == numbers.Length
            ? new ExchangeBlock(shape, [], numbers)
            : throw new ArgumentException($"{content} does not hold these {numbers.Length} numbers in {rows} rows.", nameof(numbers));
    }

    /// <summary>A block that is filled while its bytes arrive.</summary>
    internal static ExchangeBlock Empty(ExchangeShape shape, float[][] rows, double[] numbers) =>
        new(shape, [.. rows.Select(row => (ReadOnlyMemory<float>)row)], numbers);
}
