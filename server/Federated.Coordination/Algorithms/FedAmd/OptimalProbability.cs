namespace Federated.Coordination.Algorithms.FedAmd;

/// <summary>
/// Anchor probabilities that make the round complexity of a constant probability small: <c>φ(p) = 1/(1 − p^A) + 2N/(A·p·√(1 − p^A))</c> with N clients, A of them in a round
/// (the rules of the authors' code; 1 − p^A is the probability that a round has a miner).
/// </summary>
internal static class OptimalProbability
{
    private const double Golden = 0.618033988749894848;

    public static double Complexity(double p, int population, int cohort)
    {
        double miners = 1 - Math.Pow(p, cohort);
        return (1 / miners) + (2.0 * population / (cohort * p * Math.Sqrt(miners)));
    }

    /// <summary>The minimiser of φ, by golden section; φ has one minimum in (0, 1).</summary>
    public static double Exact(int population, int cohort)
    {
        double low = 1e-9, high = 1 - 1e-9;
        double left = high - (Golden * (high - low)), right = low + (Golden * (high - low));
        for (int i = 0; i < 100; i++)
        {
            if (Complexity(left, population, cohort) < Complexity(right, population, cohort))
            {
                (high, right) = (right, left);
                left = high - (Golden * (high - low));
            }
            else
            {
                (low, left) = (left, right);
                right = low + (Golden * (high - low));
            }
        }

        return (low + high) / 2;
    }

    /// <summary>The minimiser of the second term of φ: (2/(A + 2))^(1/A).</summary>
    public static double Simple(int cohort) => Math.Pow(2.0 / (cohort + 2), 1.0 / cohort);
}
