using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Federated.Numerics;

namespace Federated.Aggregation.Robust.Gram;

/// <summary>
/// The 4×4 inner products of two groups of four vectors over one block. The products stay in registers: 16 accumulators of
/// 512 bits, or twice 8 of 256 bits; without such units each product is a plain inner product.
/// </summary>
internal static unsafe class GramTile
{
    public const int Side = 4;

    /// <summary><c>tile[i,j] += ⟨row_i, column_j⟩</c> over <paramref name="length"/> elements from <paramref name="start"/>.</summary>
    /// <param name="rows">Four addresses.</param>
    /// <param name="columns">Four addresses.</param>
    /// <param name="start">First element.</param>
    /// <param name="length">Elements of the block; decides how many float32 additions one rounding chain has.</param>
    /// <param name="tile">16 sums in row order.</param>
    public static void Add(nint* rows, nint* columns, int start, int length, double* tile)
    {
        int done = 0;
        if (Vector512.IsHardwareAccelerated)
        {
            done = length / Vector512<float>.Count * Vector512<float>.Count;
            Add512(rows, columns, start, done, tile);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            done = length / Vector256<float>.Count * Vector256<float>.Count;
            Add256(rows, columns, start, done, tile);
            Add256(rows, columns + 2, start, done, tile + 2);
        }

        if (done < length)
        {
            for (int i = 0; i < Side; i++)
            {
                for (int j = 0; j < Side; j++)
                {
                    tile[(i * Side) + j] += VectorMath.Dot(Span(rows[i], start + done, length - done), Span(columns[j], start + done, length - done));
                }
            }
        }
    }

    private static ReadOnlySpan<float> Span(nint address, int start, int length) =>
        MemoryMarshal.CreateReadOnlySpan(ref Unsafe.AsRef<float>((float*)address + start), length);

    private static void Add512(nint* rows, nint* columns, int start, int length, double* tile)
    {
        float* a0 = (float*)rows[0] + start, a1 = (float*)rows[1] + start, a2 = (float*)rows[2] + start, a3 = (float*)rows[3] + start;
        float* b0 = (float*)columns[0] + start, b1 = (float*)columns[1] + start, b2 = (float*)columns[2] + start, b3 = (float*)columns[3] + start;
        Vector512<float> c00 = default, c01 = default, c02 = default, c03 = default;
        Vector512<float> c10 = default, c11 = default, c12 = default, c13 = default;
        Vector512<float> c20 = default, c21 = default, c22 = default, c23 = default;
        Vector512<float> c30 = default, c31 = default, c32 = default, c33 = default;
        for (int i = 0; i < length; i += Vector512<float>.Count)
        {
            Vector512<float> y0 = Vector512.Load(b0 + i), y1 = Vector512.Load(b1 + i), y2 = Vector512.Load(b2 + i), y3 = Vector512.Load(b3 + i);
            Vector512<float> x = Vector512.Load(a0 + i);
            c00 = Vector512.MultiplyAddEstimate(x, y0, c00);
            c01 = Vector512.MultiplyAddEstimate(x, y1, c01);
            c02 = Vector512.MultiplyAddEstimate(x, y2, c02);
            c03 = Vector512.MultiplyAddEstimate(x, y3, c03);
            x = Vector512.Load(a1 + i);
            c10 = Vector512.MultiplyAddEstimate(x, y0, c10);
            c11 = Vector512.MultiplyAddEstimate(x, y1, c11);
            c12 = Vector512.MultiplyAddEstimate(x, y2, c12);
            c13 = Vector512.MultiplyAddEstimate(x, y3, c13);
            x = Vector512.Load(a2 + i);
            c20 = Vector512.MultiplyAddEstimate(x, y0, c20);
            c21 = Vector512.MultiplyAddEstimate(x, y1, c21);
            c22 = Vector512.MultiplyAddEstimate(x, y2, c22);
            c23 = Vector512.MultiplyAddEstimate(x, y3, c23);
            x = Vector512.Load(a3 + i);
            c30 = Vector512.MultiplyAddEstimate(x, y0, c30);
            c31 = Vector512.MultiplyAddEstimate(x, y1, c31);
            c32 = Vector512.MultiplyAddEstimate(x, y2, c32);
            c33 = Vector512.MultiplyAddEstimate(x, y3, c33);
        }

        tile[0] += Vector512.Sum(c00);
        tile[1] += Vector512.Sum(c01);
        tile[2] += Vector512.Sum(c02);
        tile[3] += Vector512.Sum(c03);
        tile[4] += Vector512.Sum(c10);
        tile[5] += Vector512.Sum(c11);
        tile[6] += Vector512.Sum(c12);
        tile[7] += Vector512.Sum(c13);
        tile[8] += Vector512.Sum(c20);
        tile[9] += Vector512.Sum(c21);
        tile[10] += Vector512.Sum(c22);
        tile[11] += Vector512.Sum(c23);
        tile[12] += Vector512.Sum(c30);
        tile[13] += Vector512.Sum(c31);
        tile[14] += Vector512.Sum(c32);
        tile[15] += Vector512.Sum(c33);
    }

    // Two columns at a time: 8 accumulators and 6 operands fit the 16 registers.
    private static void Add256(nint* rows, nint* columns, int start, int length, double* tile)
    {
        float* a0 = (float*)rows[0] + start, a1 = (float*)rows[1] + start, a2 = (float*)rows[2] + start, a3 = (float*)rows[3] + start;
        float* b0 = (float*)columns[0] + start, b1 = (float*)columns[1] + start;
        Vector256<float> c00 = default, c01 = default, c10 = default, c11 = default;
        Vector256<float> c20 = default, c21 = default, c30 = default, c31 = default;
        for (int i = 0; i < length; i += Vector256<float>.Count)
        {
            Vector256<float> y0 = Vector256.Load(b0 + i), y1 = Vector256.Load(b1 + i);
            Vector256<float> x = Vector256.Load(a0 + i);
            c00 = Vector256.MultiplyAddEstimate(x, y0, c00);
            c01 = Vector256.MultiplyAddEstimate(x, y1, c01);
            x = Vector256.Load(a1 + i);
            c10 = Vector256.MultiplyAddEstimate(x, y0, c10);
            c11 = Vector256.MultiplyAddEstimate(x, y1, c11);
            x = Vector256.Load(a2 + i);
            c20 = Vector256.MultiplyAddEstimate(x, y0, c20);
            c21 = Vector256.MultiplyAddEstimate(x, y1, c21);
            x = Vector256.Load(a3 + i);
            c30 = Vector256.MultiplyAddEstimate(x, y0, c30);
            c31 = Vector256.MultiplyAddEstimate(x, y1, c31);
        }

        tile[0] += Vector256.Sum(c00);
        tile[1] += Vector256.Sum(c01);
        tile[Side] += Vector256.Sum(c10);
        tile[Side + 1] += Vector256.Sum(c11);
        tile[2 * Side] += Vector256.Sum(c20);
        tile[(2 * Side) + 1] += Vector256.Sum(c21);
        tile[3 * Side] += Vector256.Sum(c30);
        tile[(3 * Side) + 1] += Vector256.Sum(c31);
    }
}
