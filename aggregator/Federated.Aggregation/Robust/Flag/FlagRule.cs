using Federated.Aggregation.Robust.Gram;

namespace Federated.Aggregation.Robust.Flag;

/// <summary>
/// The Flag aggregator (Almasi, Mishra, Vamanan and Ravi, ICLR 2024, arXiv:2302.05865): fits a subspace of m dimensions to the
/// normalised updates by reweighted least squares and projects their sum on it. The projection lies in the span of the
/// updates, so the p×p Gram matrix is all it needs. Starts flat: no seed, and clients may be permuted.
/// </summary>
/// <remarks>
/// It bounds every update's influence by normalising and it denoises. It does not reject a colluding minority by itself: up to
/// m − 1 attackers fit into the subspace. Compose it with a pre-aggregation such as nearest-neighbour mixing.
/// Weights never enter the fit, or a client could buy influence by claiming examples.
/// </remarks>
public sealed class FlagRule : IGramRule
{
    private const double SmallestNorm = 1e-12;
    private const double SmallestPair = 1e-24;
    private const double Tie = 1e-9;

    private readonly FlagOptions _options;

    /// <summary>Checks the settings.</summary>
    /// <param name="options">The settings.</param>
    /// <exception cref="ArgumentException">A setting is out of range.</exception>
    public FlagRule(FlagOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        _options = options;
    }

    public string Name => "flag";

    /// <summary>The combination; trust is the reconstruction ratio v.</summary>
    public GramCombination Combine(GramMatrix gram, IReadOnlyList<int> dropped)
    {
        FlagSolution solution = Solve(gram);
        return new GramCombination(solution.Coefficients, solution.Ratios);
    }

    /// <summary>Fits the subspace.</summary>
    /// <param name="gram">Inner products of the raw updates.</param>
    /// <param name="weights">Weights of the updates in the final sum; null for equal ones. Only their ratios matter.</param>
    public FlagSolution Solve(GramMatrix gram, double[]? weights = null)
    {
        ArgumentNullException.ThrowIfNull(gram);
        int p = gram.Count;
        if (p == 0)
        {
            throw new ArgumentException("Flag aggregator: there is no update to aggregate.", nameof(gram));
        }

        int m = _options.SubspaceSize ?? ((p + 2) / 2);
        double[] scale = [.. Enumerable.Range(0, p).Select(i => 1 / Math.Max(gram.Norm(i), SmallestNorm))];
        double[][] k = SmallMatrix.New(p, p, (i, j) => scale[i] * gram[i, j] * scale[j]);
        double[] a = new double[p];
        Array.Fill(a, 1.0);
        double[][] basis = [], projections = [];
        double[] ratios = new double[p], eigenvalues = [];
        for (int iteration = 0; iteration < _options.Iterations; iteration++)
        {
            double[][] factor = Factor(a, k, iteration == 0 ? null : projections);
            (basis, eigenvalues) = Fit(factor, k, m);
            projections = SmallMatrix.Multiply(SmallMatrix.Transpose(basis, p), k);
            for (int i = 0; i < p; i++)
            {
                ratios[i] = projections.Sum(row => row[i] * row[i]);
                a[i] = Math.Pow(Math.Abs(1 - ratios[i]) + _options.Epsilon, -0.25);
            }
        }

        return new FlagSolution(Coefficients(gram, scale, basis, projections, m, Shares(weights, p)), [.. ratios.Select(v => Math.Min(1, v))], eigenvalues, basis);
    }

    /// <summary>Lower Cholesky factor of the weights S of the columns and pairs: the step's matrix is <c>X S Xᵀ</c>.</summary>
    private double[][] Factor(double[] a, double[][] k, double[][]? projections)
    {
        int p = a.Length;
        double[][] s = SmallMatrix.New(p, p, (i, j) => i == j ? a[i] * a[i] : 0);
        if (_options.PairWeight == 0 || p < 2)
        {
            return SmallMatrix.New(p, p, (i, j) => i == j ? a[i] : 0);
        }

        double pairWeight = Math.Pow(_options.PairWeight / ((double)p * (p - 1)), 2);
        for (int i = 0; i < p; i++)
        {
            for (int j = 0; j < i; j++)
            {
                double distance = k[i][i] + k[j][j] - (2 * k[i][j]);
                if (_options.NormalisesPairs && distance <= SmallestPair)
                {
                    continue;
                }

                double unit = _options.NormalisesPairs ? 1 / distance : 1;
                double reweight = projections is null
                    ? 1
                    : 1 / Math.Sqrt(Math.Abs(1 - (unit * projections.Sum(row => (row[i] - row[j]) * (row[i] - row[j])))) + _options.Epsilon);

                // Ordered pairs: each pair of the two loops counts twice.
                double w = 2 * pairWeight * reweight * unit;
                s[i][i] += w;
                s[j][j] += w;
                s[i][j] -= w;
                s[j][i] -= w;
            }
        }

        return SmallMatrix.Cholesky(s);
    }

    private (double[][] Basis, double[] Eigenvalues) Fit(double[][] factor, double[][] k, int m)
    {
        int p = k.Length;
        double[][] weighted = SmallMatrix.Multiply(SmallMatrix.Multiply(SmallMatrix.Transpose(factor, p), k), factor);
        var eigen = new SymmetricEigen([.. weighted.SelectMany((row, i) => row.Select((value, j) => 0.5 * (value + weighted[j][i])))], p);
        double[] theta = eigen.Values;
        double floor = (_options.RankTolerance ?? (p * 1e-7)) * Math.Max(theta[0], 0);
        int rank = theta.Count(value => value > floor);
        int kept = Math.Min(m, rank);

        // A tie at the cut would make the subspace a matter of rounding: take the whole group.
        while (kept > 0 && kept < rank && theta[kept] >= theta[kept - 1] * (1 - Tie))
        {
            kept++;
        }

        double[][] vectors = SmallMatrix.New(p, kept, (i, j) => eigen.Vectors[j][i] / Math.Sqrt(theta[j]));
        return (SmallMatrix.Multiply(factor, vectors), theta);
    }

    private double[] Coefficients(GramMatrix gram, double[] scale, double[][] basis, double[][] projections, int m, double[] shares)
    {
        int p = gram.Count;
        bool isRaw = _options.Form == FlagForm.Raw;
        double[] along = [.. projections.Select(row => Enumerable.Range(0, p).Sum(i => row[i] * shares[i] / (isRaw ? scale[i] : 1)))];
        double factor = _options.Form switch
        {
            FlagForm.Raw => 1.0 / p,
            FlagForm.Normalised => 1.0 / m,
            _ => MedianNorm(gram) / p,
        };
        return [.. Enumerable.Range(0, p).Select(i => factor * scale[i] * along.Select((value, j) => basis[i][j] * value).Sum())];
    }

    private static double[] Shares(double[]? weights, int p)
    {
        if (weights is null)
        {
            return [.. Enumerable.Repeat(1.0, p)];
        }

        double total = weights.Sum();
        if (weights.Length != p || !(total > 0) || !double.IsFinite(total) || weights.Any(weight => weight < 0))
        {
            throw new ArgumentException($"Flag aggregator: {weights.Length} weights of sum {total} for {p} updates; each must be at least 0, not all 0.", nameof(weights));
        }

        return [.. weights.Select(weight => weight * p / total)];
    }

    private static double MedianNorm(GramMatrix gram)
    {
        double[] norms = [.. Enumerable.Range(0, gram.Count).Select(gram.Norm).Order()];
        return 0.5 * (norms[(norms.Length - 1) / 2] + norms[norms.Length / 2]);
    }
}
