using Federated.Aggregation.Robust.Gram;

namespace Federated.Aggregation.Robust.Mixing;

/// <summary>Pre-aggregations one after another, told in terms of the updates.</summary>
/// <param name="Rows">Row k holds the coefficients of the k-th mixed vector.</param>
/// <param name="Gram">Inner products of the mixed vectors.</param>
internal readonly record struct MixingChain(double[][] Rows, GramMatrix Gram)
{
    public static MixingChain Run(IReadOnlyList<IMixing> mixings, GramMatrix gram, IReadOnlyList<int> dropped)
    {
        int n = gram.Count;
        double[][] rows = SmallMatrix.New(n, n, (i, j) => i == j ? 1 : 0);
        GramMatrix current = gram;
        foreach (IMixing mixing in mixings)
        {
            rows = SmallMatrix.Multiply(mixing.Mix(current, dropped), rows);
            double[][] products = SmallMatrix.Multiply(
                SmallMatrix.Multiply(rows, SmallMatrix.New(n, n, (i, j) => gram[i, j])), SmallMatrix.Transpose(rows, rows.Length));

            // One half counts: two vectors are equally far from each other, whichever is asked.
            current = new GramMatrix([.. Enumerable.Range(0, rows.Length).SelectMany(i => Enumerable.Range(0, rows.Length).Select(j => products[Math.Max(i, j)][Math.Min(i, j)]))]);
        }

        return new MixingChain(rows, current);
    }
}
