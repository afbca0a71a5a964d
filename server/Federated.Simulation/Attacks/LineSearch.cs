namespace Federated.Simulation.Attacks;

/// <summary>
/// Looks for the largest value of a function of a number that is at least 0. Rules that select updates jump, so the search does not trust slopes: half of
/// the evaluations look at 0 and at points that grow by a constant ratio, further out as long as the last is the best; the other half close in on the best.
/// </summary>
internal static class LineSearch
{
    private const double First = 0.1;
    private const double Growth = 1.6;

    /// <summary>The best argument among a number of evaluations, and its value.</summary>
    public static (double At, double Value) Maximise(Func<double, double> function, int evaluations)
    {
        (double At, double Value) best = (0, function(0));
        int left = evaluations - 1;
        void Try(double at)
        {
            double value = function(at);
            left--;
            best = value > best.Value ? (at, value) : best;
        }

        double last = 0;
        while (left > 0 && (left > evaluations / 2 || best.At == last))
        {
            last = Math.Max(First, last * Growth);
            Try(last);
        }

        double width = best.At == 0 ? First : best.At * (1 - (1 / Growth));
        while (left > 0)
        {
            double centre = best.At;
            width /= 2;
            Try(centre + width);
            if (left > 0 && centre > width)
            {
                Try(centre - width);
            }
        }

        return best;
    }
}
