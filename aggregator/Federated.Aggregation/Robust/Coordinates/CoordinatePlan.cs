namespace Federated.Aggregation.Robust.Coordinates;

/// <summary>
/// What a rule does to the values x_1 ≤ … ≤ x_n of one coordinate: the mean of x_first … x_(end-1), or, when a number of nearest values is
/// given, the mean of that many values nearest to it.
/// </summary>
/// <param name="Rows">n.</param>
/// <param name="First">First value of the centre, from 0.</param>
/// <param name="End">One past the last value of the centre.</param>
/// <param name="Nearest">How many values nearest to the centre are averaged; 0 when the centre is the result.</param>
/// <param name="IsVote">The result is the sign of the sum of the signs; nothing is sorted.</param>
internal readonly record struct CoordinatePlan(int Rows, int First, int End, int Nearest, bool IsVote = false)
{
    public static CoordinatePlan Median(int rows, int nearest = 0) => new(rows, (rows - 1) / 2, (rows / 2) + 1, nearest);

    public static CoordinatePlan Vote(int rows) => new(rows, 0, rows, 0, IsVote: true);

    // All rows are selected by a vote, so its network is empty.
    public Exchange[] Exchanges() => Nearest == 0 ? SelectionNetwork.Select(Rows, First, End) : SelectionNetwork.Sort(Rows);
}
