namespace Federated.UnitTests.Aggregation.Robust;

/// <summary>The Flag aggregator in parameter space by a singular value decomposition of the weighted columns: no Gram matrix.</summary>
internal static class NaiveFlag
{
    /// <summary>The aggregate and the basis of the fitted subspace.</summary>
    public static (double[] Result, double[][] Basis) Run(double[][] updates, int m, int iterations, double lambda, bool normalisesPairs, bool isRaw)
    {
        int p = updates.Length, n = updates[0].Length;
        double[][] x = [.. updates.Select(g => Scale(g, 1 / Math.Max(Math.Sqrt(Dot(g, g)), 1e-12)))];
        double[][]? y = null;
        for (int t = 0; t < iterations; t++)
        {
            var columns = new List<double[]>();
            columns.AddRange(x.Select(column => Scale(column, Weight(y, column))));
            for (int i = 0; lambda > 0 && i < p; i++)
            {
                for (int j = 0; j < p; j++)
                {
                    double[] d = [.. x[i].Zip(x[j], (a, b) => a - b)];
                    double norm = Math.Sqrt(Dot(d, d));
                    if (i == j || (normalisesPairs && norm <= 1e-12))
                    {
                        continue;
                    }

                    d = normalisesPairs ? Scale(d, 1 / norm) : d;
                    columns.Add(Scale(d, lambda / (p * (p - 1)) * Weight(y, d)));
                }
            }

            y = LeftSingularVectors(columns, m);
        }

        double[] sum = new double[n];
        foreach (double[] column in isRaw ? updates : x)
        {
            Add(sum, column, 1);
        }

        double[] result = new double[n];
        foreach (double[] direction in y!)
        {
            Add(result, direction, Dot(direction, sum) / (isRaw ? p : m));
        }

        return (result, y);
    }

    public static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();

    private static double Weight(double[][]? y, double[] column) =>
        y is null ? 1 : Math.Pow(Math.Abs(1 - y.Sum(direction => Math.Pow(Dot(direction, column), 2))) + 1e-7, -0.25);

    // One-sided Jacobi (Hestenes): rotates pairs of columns until all are orthogonal.
    private static double[][] LeftSingularVectors(List<double[]> source, int m)
    {
        double[][] columns = [.. source.Select(column => (double[])column.Clone())];
        for (int sweep = 0; sweep < 60; sweep++)
        {
            bool isRotated = false;
            for (int i = 0; i < columns.Length; i++)
            {
                for (int j = i + 1; j < columns.Length; j++)
                {
                    double a = Dot(columns[i], columns[i]), b = Dot(columns[j], columns[j]), c = Dot(columns[i], columns[j]);
                    if (Math.Abs(c) <= 1e-16 * Math.Sqrt(a * b) || a * b == 0)
                    {
                        continue;
                    }

                    isRotated = true;
                    double zeta = (b - a) / (2 * c);
                    double tangent = (zeta >= 0 ? 1 : -1) / (Math.Abs(zeta) + Math.Sqrt(1 + (zeta * zeta)));
                    double cosine = 1 / Math.Sqrt(1 + (tangent * tangent)), sine = cosine * tangent;
                    for (int k = 0; k < columns[i].Length; k++)
                    {
                        (columns[i][k], columns[j][k]) =
                            ((cosine * columns[i][k]) - (sine * columns[j][k]), (sine * columns[i][k]) + (cosine * columns[j][k]));
                    }
                }
            }

            if (!isRotated)
            {
                break;
            }
        }

        double[][] sorted = [.. columns.OrderByDescending(column => Dot(column, column))];
        double largest = Math.Sqrt(Dot(sorted[0], sorted[0]));
        return [.. sorted.Take(m).Where(column => Math.Sqrt(Dot(column, column)) > 1e-7 * largest).Select(column => Scale(column, 1 / Math.Sqrt(Dot(column, column))))];
    }

    private static double[] Scale(double[] vector, double factor) => [.. vector.Select(value => value * factor)];

    private static void Add(double[] target, double[] vector, double factor)
    {
        for (int i = 0; i < target.Length; i++)
        {
            target[i] += factor * vector[i];
        }
    }
}
