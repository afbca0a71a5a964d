using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Federated.Client.Sparse;

namespace Federated.Client.Training.Softmax;

/// <summary>
/// The two products of a linear layer over sparse rows: as many multiplications as there are entries. Every sum runs in one fixed order, so results do not depend on what
/// else is in the batch. Where every value is 1, as of indicators, values are not read: most of the time goes into reading, and the bits are the same.
/// </summary>
internal static class SparseRows
{
    private const int LineEntries = 64 / sizeof(float);

    /// <summary>scores[i, o] = bias[o] + weight[o] · row i.</summary>
    /// <param name="matrix">All features; its structure was checked when it was made, and the columns lie below the length of a weight row.</param>
    /// <param name="ones">Whether every value is 1.</param>
    /// <param name="rows">The rows, by number.</param>
    /// <param name="parameters">Weights (outputs × features), then biases.</param>
    /// <param name="outputs">Scores a row.</param>
    /// <param name="scores">Receives rows × outputs scores.</param>
    public static unsafe void Scores(CsrMatrix matrix, bool ones, ReadOnlySpan<long> rows, ReadOnlySpan<float> parameters, int outputs, Span<float> scores)
    {
        int features = matrix.Columns;
        ReadOnlySpan<int> pointers = matrix.RowPointers.Span;
        ReadOnlySpan<float> bias = parameters[(features * outputs)..];
        fixed (int* columns = matrix.ColumnIndices.Span)
        fixed (float* values = ones ? [] : matrix.Values.Span, weights = parameters)
        {
            Fetch(pointers, rows, columns, values);
            for (int i = 0; i < rows.Length; i++)
            {
                int start = pointers[(int)rows[i]], count = pointers[(int)rows[i] + 1] - start;
                for (int o = 0; o < outputs; o++)
                {
                    float* row = weights + ((long)o * features);
                    scores[(i * outputs) + o] = bias[o] + (ones ? Sum(row, columns + start, (nuint)count) : Dot(row, columns + start, values + start, (nuint)count));
                }
            }
        }
    }

    /// <summary>gradient[o] = Σ residuals[i, o] · row i, and for the bias Σ residuals[i, o].</summary>
    /// <param name="matrix">All features.</param>
    /// <param name="ones">Whether every value is 1.</param>
    /// <param name="rows">The rows, by number.</param>
    /// <param name="residuals">Rows × outputs derivatives of the loss with respect to the scores.</param>
    /// <param name="outputs">Scores a row.</param>
    /// <param name="gradient">Overwritten; laid out as the parameters.</param>
    public static unsafe void Gradient(CsrMatrix matrix, bool ones, ReadOnlySpan<long> rows, ReadOnlySpan<float> residuals, int outputs, Span<float> gradient)
    {
        int features = matrix.Columns;
        ReadOnlySpan<int> pointers = matrix.RowPointers.Span;
        gradient.Clear();
        Span<float> bias = gradient[(features * outputs)..];
        fixed (int* columns = matrix.ColumnIndices.Span)
        fixed (float* values = ones ? [] : matrix.Values.Span, sums = gradient)
        {
            for (int i = 0; i < rows.Length; i++)
            {
                int start = pointers[(int)rows[i]], count = pointers[(int)rows[i] + 1] - start;
                for (int o = 0; o < outputs; o++)
                {
                    float residual = residuals[(i * outputs) + o];
                    bias[o] += residual;
                    float* row = sums + ((long)o * features);
                    if (ones)
                    {
                        Add(row, residual, columns + start, (nuint)count);
                    }
                    else
                    {
                        Add(row, residual, columns + start, values + start, (nuint)count);
                    }
                }
            }
        }
    }

    /// <summary>sums[column] += factor · value for the entries of a row, whose columns differ.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void Add(float* sums, float factor, int* columns, float* values, nuint count)
    {
        nuint k = 0;
        for (; k + 4 <= count; k += 4)
        {
            float* a = sums + (uint)columns[k], b = sums + (uint)columns[k + 1], c = sums + (uint)columns[k + 2], d = sums + (uint)columns[k + 3];
            float p = float.MultiplyAddEstimate(factor, values[k], *a), q = float.MultiplyAddEstimate(factor, values[k + 1], *b);
            float r = float.MultiplyAddEstimate(factor, values[k + 2], *c), s = float.MultiplyAddEstimate(factor, values[k + 3], *d);
            *a = p;
            *b = q;
            *c = r;
            *d = s;
        }

        for (; k < count; k++)
        {
            float* a = sums + (uint)columns[k];
            *a = float.MultiplyAddEstimate(factor, values[k], *a);
        }
    }

    /// <summary>The same where the values are 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void Add(float* sums, float term, int* columns, nuint count)
    {
        nuint k = 0;
        for (; k + 4 <= count; k += 4)
        {
            float* a = sums + (uint)columns[k], b = sums + (uint)columns[k + 1], c = sums + (uint)columns[k + 2], d = sums + (uint)columns[k + 3];
            float p = *a + term, q = *b + term, r = *c + term, s = *d + term;
            *a = p;
            *b = q;
            *c = r;
            *d = s;
        }

        for (; k < count; k++)
        {
            sums[(uint)columns[k]] += term;
        }
    }

    /// <summary>The rows of a batch lie scattered: asked for all at once, they come while the first are computed.</summary>
    private static unsafe void Fetch(ReadOnlySpan<int> pointers, ReadOnlySpan<long> rows, int* columns, float* values)
    {
        if (!Sse.IsSupported)
        {
            return;
        }

        foreach (long row in rows)
        {
            int end = pointers[(int)row + 1];
            for (int k = pointers[(int)row]; k < end; k += LineEntries)
            {
                Sse.Prefetch0(columns + k);
                if (values != null)
                {
                    Sse.Prefetch0(values + k);
                }
            }

            Sse.Prefetch0(columns + end);
            if (values != null)
            {
                Sse.Prefetch0(values + end);
            }
        }
    }

    /// <summary>Four sums, so that a multiplication need not wait for the one before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe float Dot(float* weights, int* columns, float* values, nuint count)
    {
        float a = 0, b = 0, c = 0, d = 0;
        nuint k = 0;
        for (; k + 4 <= count; k += 4)
        {
            a = float.MultiplyAddEstimate(values[k], weights[(uint)columns[k]], a);
            b = float.MultiplyAddEstimate(values[k + 1], weights[(uint)columns[k + 1]], b);
            c = float.MultiplyAddEstimate(values[k + 2], weights[(uint)columns[k + 2]], c);
            d = float.MultiplyAddEstimate(values[k + 3], weights[(uint)columns[k + 3]], d);
        }

        for (; k < count; k++)
        {
            a = float.MultiplyAddEstimate(values[k], weights[(uint)columns[k]], a);
        }

        return a + b + (c + d);
    }

    /// <summary>The same where the values are 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe float Sum(float* weights, int* columns, nuint count)
    {
        float a = 0, b = 0, c = 0, d = 0;
        nuint k = 0;
        for (; k + 4 <= count; k += 4)
        {
            a += weights[(uint)columns[k]];
            b += weights[(uint)columns[k + 1]];
            c += weights[(uint)columns[k + 2]];
            d += weights[(uint)columns[k + 3]];
        }

        for (; k < count; k++)
        {
            a += weights[(uint)columns[k]];
        }

        return a + b + (c + d);
    }
}
