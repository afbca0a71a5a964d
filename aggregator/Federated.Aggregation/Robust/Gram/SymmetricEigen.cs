using System.Numerics;
using System.Numerics.Tensors;

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

    // Columns of the handbook's matrix are rows here, so that its loops run along memory.
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
        Vectors = [.. order.Select(j => _v[j])];
    }

    /// <summary>Eigenvalues, descending.</summary>
    public double[] Values { get; }

    /// <summary>Unit eigenvectors: <c>Vectors[j]</c> belongs to <c>Values[j]</c>.</summary>
    public double[][] Vectors { get; }

    private void Tridiagonalise()
    {
        for (int j = 0; j < _n; j++)
        {
            _d[j] = _v[j][_n - 1];
        }

        for (int i = _n - 1; i > 0; i--)
        {
            double scale = TensorPrimitives.SumOfMagnitudes<double>(_d.AsSpan(0, i));
            double h = 0;
            if (scale == 0)
            {
                _e[i] = _d[i - 1];
                for (int j = 0; j < i; j++)
                {
                    _d[j] = _v[j][i - 1];
                    _v[j][i] = _v[i][j] = 0;
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
        Span<double> d = _d.AsSpan(0, i), e = _e.AsSpan(0, i);
        TensorPrimitives.Divide(d, scale, d);
        double h = TensorPrimitives.SumOfSquares<double>(d);
        double f = d[i - 1];
        double g = f > 0 ? -Math.Sqrt(h) : Math.Sqrt(h);
        _e[i] = scale * g;
        h -= f * g;
        d[i - 1] = f - g;
        d.CopyTo(_v[i]);
        e.Clear();
        for (int j = 0; j < i; j++)
        {
            f = d[j];
            ReadOnlySpan<double> below = _v[j].AsSpan((j + 1)..i);
            Span<double> sums = e[(j + 1)..];
            e[j] += (_v[j][j] * f) + TensorPrimitives.Dot(below, d[(j + 1)..]);
            TensorPrimitives.MultiplyAdd(below, f, sums, sums);
        }

        TensorPrimitives.Divide(e, h, e);
        double half = TensorPrimitives.Dot<double>(e, d) / (h + h);
        TensorPrimitives.MultiplyAdd(d, -half, e, e);
        for (int j = 0; j < i; j++)
        {
            Span<double> below = _v[j].AsSpan(j..i);
            f = d[j];
            g = e[j];
            TensorPrimitives.MultiplyAdd(e[j..], -f, below, below);
            TensorPrimitives.MultiplyAdd(d[j..], -g, below, below);
            d[j] = _v[j][i - 1];
            _v[j][i] = 0;
        }

        return h;
    }

    private void Accumulate()
    {
        for (int i = 0; i < _n - 1; i++)
        {
            _v[i][_n - 1] = _v[i][i];
            _v[i][i] = 1;
            double h = _d[i + 1];
            Span<double> vector = _v[i + 1].AsSpan(0, i + 1), scaled = _d.AsSpan(0, i + 1);
            if (h != 0)
            {
                TensorPrimitives.Divide(vector, h, scaled);
                for (int j = 0; j <= i; j++)
                {
                    Span<double> column = _v[j].AsSpan(0, i + 1);
                    TensorPrimitives.MultiplyAdd(scaled, -TensorPrimitives.Dot<double>(vector, column), column, column);
                }
            }

            vector.Clear();
        }

        for (int j = 0; j < _n; j++)
        {
            _d[j] = _v[j][_n - 1];
            _v[j][_n - 1] = 0;
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
            Rotate(_v[i], _v[i + 1], c, s);
        }

        p = -s * s2 * c3 * e1 * _e[l] / next;
        _e[l] = s * p;
        _d[l] = c * p;
    }

    private static void Rotate(double[] first, double[] second, double c, double s)
    {
        int k = 0;
        for (; k <= first.Length - Vector<double>.Count; k += Vector<double>.Count)
        {
            var x = new Vector<double>(first, k);
            var y = new Vector<double>(second, k);
            ((s * x) + (c * y)).CopyTo(second, k);
            ((c * x) - (s * y)).CopyTo(first, k);
        }

        for (; k < first.Length; k++)
        {
            (first[k], second[k]) = ((c * first[k]) - (s * second[k]), (s * first[k]) + (c * second[k]));
        }
    }
}
