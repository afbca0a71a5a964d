using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Federated.Client.Training.Softmax;

/// <summary>
/// The two products of a linear layer over rows that lie scattered in one matrix. Blocked in registers: a tile of sums stays in eight vectors while a row of features is read.
/// Every sum runs in one fixed order, so results do not depend on what else is in the batch.
/// </summary>
internal static class DenseRows
{
    /// <summary>scores[i, o] = bias[o] + weight[o] · row i.</summary>
    /// <param name="matrix">All features.</param>
    /// <param name="rows">Where each row starts in the matrix.</param>
    /// <param name="features">Length of a row.</param>
    /// <param name="parameters">Weights (outputs × features), then biases.</param>
    /// <param name="outputs">Scores a row.</param>
    /// <param name="scores">Receives rows × outputs scores.</param>
    public static void Scores(
        ReadOnlySpan<float> matrix, ReadOnlySpan<long> rows, int features, ReadOnlySpan<float> parameters, int outputs, Span<float> scores)
    {
        CheckRows(matrix, rows, features);
        ReadOnlySpan<float> bias = parameters[(features * outputs)..];
        for (int i = 0; i < rows.Length; i += 4)
        {
            // Past the end a tile repeats its last row or output, and writes the same value twice.
            int last = rows.Length - 1;
            var tile = new Tile(i, Math.Min(i + 1, last), Math.Min(i + 2, last), Math.Min(i + 3, last));
            if (outputs == 1)
            {
                ScoreColumn(matrix, rows, features, parameters, tile, bias[0], scores);
                continue;
            }

            for (int o = 0; o < outputs; o += 2)
            {
                int second = Math.Min(o + 1, outputs - 1);
                ScoreTile(matrix, rows, features, parameters, (o, second), tile, bias, outputs, scores);
            }
        }
    }

    /// <summary>gradient[o] = Σ residuals[i, o] · row i, and for the bias Σ residuals[i, o].</summary>
    /// <param name="matrix">All features.</param>
    /// <param name="rows">Where each row starts in the matrix.</param>
    /// <param name="features">Length of a row.</param>
    /// <param name="residuals">Rows × outputs derivatives of the loss with respect to the scores.</param>
    /// <param name="outputs">Scores a row.</param>
    /// <param name="gradient">Overwritten; laid out as the parameters.</param>
    public static void Gradient(
        ReadOnlySpan<float> matrix, ReadOnlySpan<long> rows, int features, ReadOnlySpan<float> residuals, int outputs, Span<float> gradient)
    {
        CheckRows(matrix, rows, features);
        Span<float> bias = gradient[(features * outputs)..];
        for (int o = 0; o < outputs; o++)
        {
            float sum = 0;
            for (int i = 0; i < rows.Length; i++)
            {
                sum += residuals[(i * outputs) + o];
            }

            bias[o] = sum;
        }

        if (outputs == 1)
        {
            GradientColumn(matrix, rows, features, residuals, gradient);
            return;
        }

        for (int o = 0; o < outputs; o += 2)
        {
            GradientPair(matrix, rows, features, residuals, outputs, (o, Math.Min(o + 1, outputs - 1)), gradient);
        }
    }

    /// <summary>A tile of rows against the only output.</summary>
    private static void ScoreColumn(
        ReadOnlySpan<float> matrix, ReadOnlySpan<long> rows, int features, ReadOnlySpan<float> weights, Tile tile, float bias, Span<float> scores)
    {
        ref float x0 = ref Row(matrix, rows[tile.A]);
        ref float x1 = ref Row(matrix, rows[tile.B]);
        ref float x2 = ref Row(matrix, rows[tile.C]);
        ref float x3 = ref Row(matrix, rows[tile.D]);
        ref float w = ref Row(weights, 0);
        Vector<float> a0 = default, a1 = default, a2 = default, a3 = default;
        nuint width = (nuint)Vector<float>.Count, length = (nuint)features, j = 0;
        for (; j + width <= length; j += width)
        {
            Vector<float> p = Vector.LoadUnsafe(ref w, j);
            a0 = Vector.MultiplyAddEstimate(p, Vector.LoadUnsafe(ref x0, j), a0);
            a1 = Vector.MultiplyAddEstimate(p, Vector.LoadUnsafe(ref x1, j), a1);
            a2 = Vector.MultiplyAddEstimate(p, Vector.LoadUnsafe(ref x2, j), a2);
            a3 = Vector.MultiplyAddEstimate(p, Vector.LoadUnsafe(ref x3, j), a3);
        }

        if (j < length && length >= width)
        {
            // As in a tile of two outputs: what was added already is masked out of the weights.
            nuint at = length - width;
            Vector<float> mask = Vector.AsVectorSingle(Vector.GreaterThanOrEqual(Vector<int>.Indices, new Vector<int>((int)(j - at))));
            Vector<float> p = Vector.LoadUnsafe(ref w, at) & mask;
            a0 = Vector.MultiplyAddEstimate(p, Vector.LoadUnsafe(ref x0, at) & mask, a0);
            a1 = Vector.MultiplyAddEstimate(p, Vector.LoadUnsafe(ref x1, at) & mask, a1);
            a2 = Vector.MultiplyAddEstimate(p, Vector.LoadUnsafe(ref x2, at) & mask, a2);
            a3 = Vector.MultiplyAddEstimate(p, Vector.LoadUnsafe(ref x3, at) & mask, a3);
            j = length;
        }

        scores[tile.A] = Vector.Sum(a0) + Rest(ref w, ref x0, j, length) + bias;
        scores[tile.B] = Vector.Sum(a1) + Rest(ref w, ref x1, j, length) + bias;
        scores[tile.C] = Vector.Sum(a2) + Rest(ref w, ref x2, j, length) + bias;
        scores[tile.D] = Vector.Sum(a3) + Rest(ref w, ref x3, j, length) + bias;
    }

    private static void ScoreTile(
        ReadOnlySpan<float> matrix,
        ReadOnlySpan<long> rows,
        int features,
        ReadOnlySpan<float> parameters,
        (int First, int Second) output,
        Tile tile,
        ReadOnlySpan<float> bias,
        int outputs,
        Span<float> scores)
    {
        ref float x0 = ref Row(matrix, rows[tile.A]);
        ref float x1 = ref Row(matrix, rows[tile.B]);
        ref float x2 = ref Row(matrix, rows[tile.C]);
        ref float x3 = ref Row(matrix, rows[tile.D]);
        ref float w0 = ref Row(parameters, (long)output.First * features);
        ref float w1 = ref Row(parameters, (long)output.Second * features);
        Vector<float> a0 = default, a1 = default, a2 = default, a3 = default, b0 = default, b1 = default, b2 = default, b3 = default;
        nuint width = (nuint)Vector<float>.Count, length = (nuint)features, j = 0;
        for (; j + width <= length; j += width)
        {
            Vector<float> p = Vector.LoadUnsafe(ref w0, j), q = Vector.LoadUnsafe(ref w1, j);
            Vector<float> x = Vector.LoadUnsafe(ref x0, j);
            a0 = Vector.MultiplyAddEstimate(p, x, a0);
            b0 = Vector.MultiplyAddEstimate(q, x, b0);
            x = Vector.LoadUnsafe(ref x1, j);
            a1 = Vector.MultiplyAddEstimate(p, x, a1);
            b1 = Vector.MultiplyAddEstimate(q, x, b1);
            x = Vector.LoadUnsafe(ref x2, j);
            a2 = Vector.MultiplyAddEstimate(p, x, a2);
            b2 = Vector.MultiplyAddEstimate(q, x, b2);
            x = Vector.LoadUnsafe(ref x3, j);
            a3 = Vector.MultiplyAddEstimate(p, x, a3);
            b3 = Vector.MultiplyAddEstimate(q, x, b3);
        }

        if (j < length && length >= width)
        {
            // The rest is the end of the last full vector; what was added already is masked out of the weights.
            nuint at = length - width;
            Vector<float> mask = Vector.AsVectorSingle(Vector.GreaterThanOrEqual(Vector<int>.Indices, new Vector<int>((int)(j - at))));
            Vector<float> p = Vector.LoadUnsafe(ref w0, at) & mask, q = Vector.LoadUnsafe(ref w1, at) & mask;
            Vector<float> x = Vector.LoadUnsafe(ref x0, at) & mask;
            a0 = Vector.MultiplyAddEstimate(p, x, a0);
            b0 = Vector.MultiplyAddEstimate(q, x, b0);
            x = Vector.LoadUnsafe(ref x1, at) & mask;
            a1 = Vector.MultiplyAddEstimate(p, x, a1);
            b1 = Vector.MultiplyAddEstimate(q, x, b1);
            x = Vector.LoadUnsafe(ref x2, at) & mask;
            a2 = Vector.MultiplyAddEstimate(p, x, a2);
            b2 = Vector.MultiplyAddEstimate(q, x, b2);
            x = Vector.LoadUnsafe(ref x3, at) & mask;
            a3 = Vector.MultiplyAddEstimate(p, x, a3);
            b3 = Vector.MultiplyAddEstimate(q, x, b3);
            j = length;
        }

        float c0 = bias[output.First], c1 = bias[output.Second];
        scores[(tile.A * outputs) + output.First] = Vector.Sum(a0) + Rest(ref w0, ref x0, j, length) + c0;
        scores[(tile.B * outputs) + output.First] = Vector.Sum(a1) + Rest(ref w0, ref x1, j, length) + c0;
        scores[(tile.C * outputs) + output.First] = Vector.Sum(a2) + Rest(ref w0, ref x2, j, length) + c0;
        scores[(tile.D * outputs) + output.First] = Vector.Sum(a3) + Rest(ref w0, ref x3, j, length) + c0;
        scores[(tile.A * outputs) + output.Second] = Vector.Sum(b0) + Rest(ref w1, ref x0, j, length) + c1;
        scores[(tile.B * outputs) + output.Second] = Vector.Sum(b1) + Rest(ref w1, ref x1, j, length) + c1;
        scores[(tile.C * outputs) + output.Second] = Vector.Sum(b2) + Rest(ref w1, ref x2, j, length) + c1;
        scores[(tile.D * outputs) + output.Second] = Vector.Sum(b3) + Rest(ref w1, ref x3, j, length) + c1;
    }

    /// <summary>The gradient of the only output, in tiles of eight vectors.</summary>
    private static void GradientColumn(ReadOnlySpan<float> matrix, ReadOnlySpan<long> rows, int features, ReadOnlySpan<float> residuals, Span<float> gradient)
    {
        ref float g = ref MemoryMarshal.GetReference(gradient);
        int width = Vector<float>.Count, j = 0;
        for (; j < features && features >= 8 * width; j += 8 * width)
        {
            // The last tile may overlap the one before: it computes the same values again.
            nuint at = (nuint)Math.Min(j, features - (8 * width)), w = (nuint)width;
            Vector<float> a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default, a6 = default, a7 = default;
            for (int i = 0; i < rows.Length; i++)
            {
                ref float row = ref Row(matrix, rows[i]);
                var p = new Vector<float>(residuals[i]);
                a0 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref row, at), p, a0);
                a1 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref row, at + w), p, a1);
                a2 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref row, at + (2 * w)), p, a2);
                a3 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref row, at + (3 * w)), p, a3);
                a4 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref row, at + (4 * w)), p, a4);
                a5 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref row, at + (5 * w)), p, a5);
                a6 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref row, at + (6 * w)), p, a6);
                a7 = Vector.MultiplyAddEstimate(Vector.LoadUnsafe(ref row, at + (7 * w)), p, a7);
            }

            a0.StoreUnsafe(ref g, at);
            a1.StoreUnsafe(ref g, at + w);
            a2.StoreUnsafe(ref g, at + (2 * w));
            a3.StoreUnsafe(ref g, at + (3 * w));
            a4.StoreUnsafe(ref g, at + (4 * w));
            a5.StoreUnsafe(ref g, at + (5 * w));
            a6.StoreUnsafe(ref g, at + (6 * w));
            a7.StoreUnsafe(ref g, at + (7 * w));
        }

        if (features < 8 * width)
        {
            GradientPair(matrix, rows, features, residuals, 1, (0, 0), gradient);
        }
    }

    private static void GradientPair(
        ReadOnlySpan<float> matrix,
        ReadOnlySpan<long> rows,
        int features,
        ReadOnlySpan<float> residuals,
        int outputs,
        (int First, int Second) output,
        Span<float> gradient)
    {
        ref float g0 = ref MemoryMarshal.GetReference(gradient[(output.First * features)..]);
        ref float g1 = ref MemoryMarshal.GetReference(gradient[(output.Second * features)..]);
        int width = Vector<float>.Count, j = 0;
        for (; j + (4 * width) <= features; j += 4 * width)
        {
            GradientTile(matrix, rows, (nuint)j, residuals, outputs, output, ref g0, ref g1);
        }

        for (; j < features && features >= width; j += width)
        {
            // The last vector may overlap the one before: it computes the same values again.
            nuint at = (nuint)Math.Min(j, features - width);
            Vector<float> a = default, b = default;
            for (int i = 0; i < rows.Length; i++)
            {
                Vector<float> x = Vector.LoadUnsafe(ref Row(matrix, rows[i]), at);
                a = Vector.MultiplyAddEstimate(x, new Vector<float>(residuals[(i * outputs) + output.First]), a);
                b = Vector.MultiplyAddEstimate(x, new Vector<float>(residuals[(i * outputs) + output.Second]), b);
            }

            a.StoreUnsafe(ref g0, at);
            b.StoreUnsafe(ref g1, at);
        }

        for (; j < features; j++)
        {
            float a = 0, b = 0;
            for (int i = 0; i < rows.Length; i++)
            {
                float x = Unsafe.Add(ref Row(matrix, rows[i]), j);
                a += x * residuals[(i * outputs) + output.First];
                b += x * residuals[(i * outputs) + output.Second];
            }

            Unsafe.Add(ref g0, j) = a;
            Unsafe.Add(ref g1, j) = b;
        }
    }

    private static void GradientTile(
        ReadOnlySpan<float> matrix,
        ReadOnlySpan<long> rows,
        nuint j,
        ReadOnlySpan<float> residuals,
        int outputs,
        (int First, int Second) output,
        ref float g0,
        ref float g1)
    {
        nuint width = (nuint)Vector<float>.Count;
        Vector<float> a0 = default, a1 = default, a2 = default, a3 = default, b0 = default, b1 = default, b2 = default, b3 = default;
        for (int i = 0; i < rows.Length; i++)
        {
            ref float row = ref Row(matrix, rows[i]);
            var p = new Vector<float>(residuals[(i * outputs) + output.First]);
            var q = new Vector<float>(residuals[(i * outputs) + output.Second]);
            Vector<float> x = Vector.LoadUnsafe(ref row, j);
            a0 = Vector.MultiplyAddEstimate(x, p, a0);
            b0 = Vector.MultiplyAddEstimate(x, q, b0);
            x = Vector.LoadUnsafe(ref row, j + width);
            a1 = Vector.MultiplyAddEstimate(x, p, a1);
            b1 = Vector.MultiplyAddEstimate(x, q, b1);
            x = Vector.LoadUnsafe(ref row, j + (2 * width));
            a2 = Vector.MultiplyAddEstimate(x, p, a2);
            b2 = Vector.MultiplyAddEstimate(x, q, b2);
            x = Vector.LoadUnsafe(ref row, j + (3 * width));
            a3 = Vector.MultiplyAddEstimate(x, p, a3);
            b3 = Vector.MultiplyAddEstimate(x, q, b3);
        }

        a0.StoreUnsafe(ref g0, j);
        a1.StoreUnsafe(ref g0, j + width);
        a2.StoreUnsafe(ref g0, j + (2 * width));
        a3.StoreUnsafe(ref g0, j + (3 * width));
        b0.StoreUnsafe(ref g1, j);
        b1.StoreUnsafe(ref g1, j + width);
        b2.StoreUnsafe(ref g1, j + (2 * width));
        b3.StoreUnsafe(ref g1, j + (3 * width));
    }

    private static float Rest(ref float weight, ref float row, nuint start, nuint length)
    {
        float sum = 0;
        for (nuint j = start; j < length; j++)
        {
            sum += Unsafe.Add(ref weight, j) * Unsafe.Add(ref row, j);
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref float Row(ReadOnlySpan<float> matrix, long start) =>
        ref Unsafe.Add(ref MemoryMarshal.GetReference(matrix), (nint)start);

    // The kernels read without bounds checks, so the rows are checked once.
    private static void CheckRows(ReadOnlySpan<float> matrix, ReadOnlySpan<long> rows, int features)
    {
        foreach (long row in rows)
        {
            if ((ulong)row > (ulong)(matrix.Length - features))
            {
                throw new ArgumentOutOfRangeException(nameof(rows), row, "A row lies outside the examples.");
            }
        }
    }

    private readonly record struct Tile(int A, int B, int C, int D);
}
