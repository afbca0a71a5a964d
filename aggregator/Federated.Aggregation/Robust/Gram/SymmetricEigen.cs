namespace Federated.Aggregation.Robust.Gram;

/// <summary>
/// Eigenvalues and eigenvectors of a small symmetric matrix in float64, largest eigenvalue first: Householder reduction to
/// tridiagonal form, then implicit QL (Bowdler, Martin, Reinsch and Wilkinson, Handbook for Automatic Computation II, 1971).
/// </summary>
internal sealed class SymmetricEigen
{
    private const double Epsilon = 2.2204460492503131e-16;
    private const int MostIterations = 100;

    private readonly int _n;
    private readonly double[][] _v;
    private readonly double[] _d;
    private readonly double[] _e;

    /// <summary>Decomposes.</summary>
    /// <param name="matrix">n×n in row order, symmetric, finite.</param>
    /// <param name="n">Its side.</param>
    public SymmetricEigen(ReadOnlySpan<double> matrix, int n)
    {
        _n = n;
        _v = new double[n][];
        _d = new double[n];
        _e = new double[n];
        for (int i = 0; i < n; i++)
        {
            _v[i] = matrix.Slice(i * n, n).ToArray();
        }

        if (n > 0)
        {
            Tridiagonalise();
            Iterate();
        }

        int[] order = [.. Enumerable.Range(0, n).OrderByDescending(j => _d[j])];
        Values = [.. order.Select(j => _d[j])];
        Vectors = [.. order.Select(j => _v.Select(row => row[j]).ToArray())];
    }

    /// <summary>Eigenvalues, descending.</summary>
    public double[] Values { get; }

    /// <summary>Unit eigenvectors: <c>Vectors[j]</c> belongs to <c>Values[j]</c>.</summary>
    public double[][] Vectors { get; }

    private void Tridiagonalise()
    {
        _v[_n - 1].CopyTo(_d, 0);
        for (int i = _n - 1; i > 0; i--)
        {
            double scale = 0, h = 0;
            for (int k = 0; k < i; k++)
            {
                scale += Math.Abs(_d[k]);
            }

            if (scale == 0)
            {
                _e[i] = _d[i - 1];
                for (int j = 0; j < i; j++)
                {
                    _d[j] = _v[i - 1][j];
                    _v[i][j] = _v[j][i] = 0;
                }
            }
            else
            {
                h = Reflect(i, scale);
            }

            _d[i] = h;
        }

        Accumulate();
    }

    /// <summary>Generates and applies the Householder vector of row i; returns half its squared norm.</summary>
    private double Reflect(int i, double scale)
    {
        double h = 0;
        for (int k = 0; k < i; k++)
        {
            _d[k] /= scale;
            h += _d[k] * _d[k];
        }

        double f = _d[i - 1];
        double g = f > 0 ? -Math.Sqrt(h) : Math.Sqrt(h);
        _e[i] = scale * g;
        h -= f * g;
        _d[i - 1] = f - g;
        Array.Clear(_e, 0, i);
        for (int j = 0; j < i; j++)
        {
            f = _d[j];
            _v[j][i] = f;
            g = _e[j] + (_v[j][j] * f);
            for (int k = j + 1; k < i; k++)
            {
                g += _v[k][j] * _d[k];
                _e[k] += _v[k][j] * f;
            }

            _e[j] = g;
        }

        f = 0;
        for (int j = 0; j < i; j++)
        {
            _e[j] /= h;
            f += _e[j] * _d[j];
        }

        double half = f / (h + h);
        for (int j = 0; j < i; j++)
        {
            _e[j] -= half * _d[j];
        }

        for (int j = 0; j < i; j++)
        {
            f = _d[j];
            g = _e[j];
            for (int k = j; k < i; k++)
            {
                _v[k][j] -= (f * _e[k]) + (g * _d[k]);
            }

            _d[j] = _v[i - 1][j];
            _v[i][j] = 0;
        }

        return h;
    }

    private void Accumulate()
    {
        for (int i = 0; i < _n - 1; i++)
        {
            _v[_n - 1][i] = _v[i][i];
            _v[i][i] = 1;
            double h = _d[i + 1];
            if (h != 0)
            {
                for (int k = 0; k <= i; k++)
                {
                    _d[k] = _v[k][i + 1] / h;
                }

                for (int j = 0; j <= i; j++)
                {
                    double g = 0;
                    for (int k = 0; k <= i; k++)
                    {
                        g += _v[k][i + 1] * _v[k][j];
                    }

                    for (int k = 0; k <= i; k++)
                    {
                        _v[k][j] -= g * _d[k];
                    }
                }
            }

            for (int k = 0; k <= i; k++)
            {
                _v[k][i + 1] = 0;
            }
        }

        for (int j = 0; j < _n; j++)
        {
            _d[j] = _v[_n - 1][j];
            _v[_n - 1][j] = 0;
        }

        _v[_n - 1][_n - 1] = 1;
        _e[0] = 0;
    }

    private void Iterate()
    {
        Array.Copy(_e, 1, _e, 0, _n - 1);
        _e[_n - 1] = 0;
        double shift = 0, largest = 0;
        for (int l = 0; l < _n; l++)
        {
            largest = Math.Max(largest, Math.Abs(_d[l]) + Math.Abs(_e[l]));
            int m = l;
            while (m < _n - 1 && Math.Abs(_e[m]) > Epsilon * largest)
            {
                m++;
            }

            for (int iteration = 0; m > l && Math.Abs(_e[l]) > Epsilon * largest; iteration++)
            {
                if (iteration == MostIterations)
                {
                    throw new InvalidOperationException($"The eigenvalues of a {_n}×{_n} matrix did not converge; it has an entry that is not finite.");
                }

                Sweep(l, m, ref shift);
            }

            _d[l] += shift;
            _e[l] = 0;
        }
    }

    private void Sweep(int l, int m, ref double shift)
    {
        double g = _d[l];
        double p = (_d[l + 1] - g) / (2 * _e[l]);
        double r = double.Hypot(p, 1);
        r = p < 0 ? -r : r;
        _d[l] = _e[l] / (p + r);
        _d[l + 1] = _e[l] * (p + r);
        double next = _d[l + 1];
        double h = g - _d[l];
        for (int i = l + 2; i < _n; i++)
        {
            _d[i] -= h;
        }

        shift += h;
        p = _d[m];
        double c = 1, c2 = 1, c3 = 1, s = 0, s2 = 0;
        double e1 = _e[l + 1];
        for (int i = m - 1; i >= l; i--)
        {
            c3 = c2;
            c2 = c;
            s2 = s;
            g = c * _e[i];
            h = c * p;
            r = double.Hypot(p, _e[i]);
            _e[i + 1] = s * r;
            s = r == 0 ? 0 : _e[i] / r;
            c = r == 0 ? 1 : p / r;
            p = (c * _d[i]) - (s * g);
            _d[i + 1] = h + (s * ((c * g) + (s * _d[i])));
            foreach (double[] row in _v)
            {
                h = row[i + 1];
                row[i + 1] = (s * row[i]) + (c * h);
                row[i] = (c * row[i]) - (s * h);
            }
        }

        p = -s * s2 * c3 * e1 * _e[l] / next;
        _e[l] = s * p;
        _d[l] = c * p;
    }
}
