namespace Federated.Aggregation.Robust.Coordinates;

/// <summary>
/// The majority of the signs of every coordinate (Bernstein et al. 2019): 1, -1, or 0 on a tie; a zero abstains. The result has no magnitude: the
/// server's rate is the step.
/// </summary>
/// <param name="byzantine">f; only checked.</param>
public sealed class SignMajority(int byzantine = 0) : CoordinateRule("sign-majority", byzantine)
{
    private protected override CoordinatePlan Plan(int count, int byzantine) => CoordinatePlan.Vote(count);
}
