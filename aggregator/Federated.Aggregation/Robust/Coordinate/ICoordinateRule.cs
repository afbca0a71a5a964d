namespace Federated.Aggregation.Robust.Coordinate;

/// <summary>A rule that looks at all updates' values of one coordinate at a time.</summary>
public interface ICoordinateRule
{
    /// <summary>Its name in a job definition.</summary>
    string Name { get; }

    /// <summary>The ranks that the rule reads, so that the sort may leave the others in any order.</summary>
    /// <param name="count">Number of updates n, at least 1.</param>
    /// <returns>From (inclusive) and to (exclusive), of ranks 0 (smallest) to n − 1.</returns>
    /// <exception cref="ArgumentException">The rule cannot work with this number of updates.</exception>
    (int From, int To) Ranks(int count);

    /// <summary>Reduces some coordinates.</summary>
    /// <param name="sorted">n rows, each as long as <paramref name="result"/>: row r holds the values of rank r.</param>
    /// <param name="count">Number of updates n.</param>
    /// <param name="result">One number per coordinate; its length is a multiple of every vector register's.</param>
    void Reduce(ReadOnlySpan<float> sorted, int count, Span<float> result);
}
