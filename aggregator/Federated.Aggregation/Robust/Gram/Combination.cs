namespace Federated.Aggregation.Robust.Gram;

/// <summary>Geometry of linear combinations <c>Σ c_i · update_i</c>, told by their Gram matrix.</summary>
internal static class Combination
{
    /// <summary>Squared distances of all updates to a combination.</summary>
    public static double[] SquaredDistances(GramMatrix gram, double[] coefficients)
    {
        int n = gram.Count;
        double[] cross = [.. Enumerable.Range(0, n).Select(i => Enumerable.Range(0, n).Sum(j => gram[i, j] * coefficients[j]))];
        double square = Enumerable.Range(0, n).Sum(i => cross[i] * coefficients[i]);
        return [.. Enumerable.Range(0, n).Select(i => Math.Max(0, gram[i, i] - (2 * cross[i]) + square))];
    }

    /// <summary>The largest eigenvalue of the weighted covariance, and each update's squared deviation along its eigenvector.</summary>
    /// <param name="gram">Inner products.</param>
    /// <param name="weights">Weights c, at least 0, not all 0.</param>
    public static (double Largest, double[] Along) TopCovariance(GramMatrix gram, double[] weights)
    {
        int n = gram.Count;
        double total = weights.Sum();
        double[] mean = [.. weights.Select(weight => weight / total)];
        double[] cross = [.. Enumerable.Range(0, n).Select(i => Enumerable.Range(0, n).Sum(j => gram[i, j] * mean[j]))];
        double square = Enumerable.Range(0, n).Sum(i => cross[i] * mean[i]);
        double Centred(int i, int j) => gram[i, j] - cross[i] - cross[j] + square;

        double[] matrix = new double[n * n];
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < n; j++)
            {
                matrix[(i * n) + j] = Math.Sqrt(mean[i] * mean[j]) * Centred(i, j);
            }
        }

        // W^½ D Dᵀ W^½ and the covariance Dᵀ W D share their eigenvalues; the covariance's eigenvector is Dᵀ W^½ w / √θ.
        var eigen = new SymmetricEigen(matrix, n);
        double largest = Math.Max(0, eigen.Values[0]);
        double[] vector = eigen.Vectors[0];
        double[] along = new double[n];
        for (int i = 0; largest > 0 && i < n; i++)
        {
            double projection = Enumerable.Range(0, n).Sum(j => Centred(i, j) * Math.Sqrt(mean[j]) * vector[j]);
            along[i] = projection * projection / largest;
        }

        return (largest, along);
    }
}
