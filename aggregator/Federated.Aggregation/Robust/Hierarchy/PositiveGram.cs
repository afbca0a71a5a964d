using Federated.Aggregation.Robust.Gram;

namespace Federated.Aggregation.Robust.Hierarchy;

/// <summary>Makes an estimated Gram matrix one that vectors can have.</summary>
internal static class PositiveGram
{
    // Rounding of an exact matrix stays below this part of its largest eigenvalue.
    private const double Rounding = 1e-9;

    /// <summary>
    /// The matrix without its negative eigenvalues, scaled back to its own diagonal: norms are known exactly. Rows whose diagonal is not finite stay as they are.
    /// </summary>
    public static GramMatrix Nearest(GramMatrix gram)
    {
        int[] finite = [.. Enumerable.Range(0, gram.Count).Where(i => double.IsFinite(gram[i, i]))];
        GramMatrix whole = gram.Select(finite);
        int n = whole.Count;
        if (n == 0)
        {
            return gram;
        }

        var eigen = new SymmetricEigen(whole.Products, n);
        if (eigen.Values[n - 1] >= -Rounding * Math.Max(0, eigen.Values[0]))
        {
            return gram;
        }

        double Clipped(int i, int j) => Enumerable.Range(0, n).Sum(k => Math.Max(0, eigen.Values[k]) * eigen.Vectors[k][i] * eigen.Vectors[k][j]);

        double[] scale = [.. Enumerable.Range(0, n).Select(i => Clipped(i, i) is > 0 and double square ? Math.Sqrt(Math.Max(0, whole[i, i]) / square) : 0)];
        double[] products = gram.Products.ToArray();
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < i; j++)
            {
                products[(finite[i] * gram.Count) + finite[j]] = products[(finite[j] * gram.Count) + finite[i]] = scale[i] * Clipped(i, j) * scale[j];
            }
        }

        return new GramMatrix(products);
    }
}
