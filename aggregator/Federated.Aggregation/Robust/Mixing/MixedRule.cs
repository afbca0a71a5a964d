using Federated.Aggregation.Robust.Gram;

namespace Federated.Aggregation.Robust.Mixing;

/// <summary>
/// A Gram rule behind pre-aggregations. Mixed vectors are never formed: their inner products follow from those of the updates.
/// Trust is the mean of the trust of the vectors that an update went into, by its share in them.
/// </summary>
/// <param name="mixings">Pre-aggregations, first to last.</param>
/// <param name="rule">The rule.</param>
public sealed class MixedRule(IReadOnlyList<IMixing> mixings, IGramRule rule) : IGramRule
{
    public string Name => string.Join('+', [.. mixings.Select(mixing => mixing.Name), rule.Name]);

    public GramCombination Combine(GramMatrix gram, IReadOnlyList<int> dropped)
    {
        ArgumentNullException.ThrowIfNull(gram);
        int n = gram.Count;
        (double[][] mixed, GramMatrix seen) = MixingChain.Run(mixings, gram, dropped);
        GramCombination found = rule.Combine(seen, dropped);
        double[] coefficients = new double[n], trust = new double[n];
        for (int i = 0; i < n; i++)
        {
            double share = mixed.Sum(row => Math.Abs(row[i]));
            for (int k = 0; k < mixed.Length; k++)
            {
                coefficients[i] += found.Coefficients[k] * mixed[k][i];
                trust[i] += share == 0 ? 0 : found.Trust[k] * Math.Abs(mixed[k][i]) / share;
            }
        }

        return new GramCombination(coefficients, trust);
    }
}
