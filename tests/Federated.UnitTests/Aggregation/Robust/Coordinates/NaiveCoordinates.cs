namespace Federated.UnitTests.Aggregation.Robust.Coordinates;

/// <summary>The coordinate rules as their definitions say, in float64 and one value at a time.</summary>
internal static class NaiveCoordinates
{
    public static double Median(double[] values)
    {
        double[] sorted = [.. values.Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    public static double TrimmedMean(double[] values, int trim) => values.Order().Skip(trim).Take(values.Length - (2 * trim)).Average();

    /// <summary>The mean of the values nearest to a centre; of equally near ones the smaller first.</summary>
    public static double NearestMean(double[] values, double centre, int count) =>
        values.OrderBy(value => Math.Abs(value - centre)).ThenBy(value => value).Take(count).Average();
}
