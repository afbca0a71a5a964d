using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Federated.Aggregation.Robust.Gram;

/// <summary>
/// The 5×5 inner products of two packed groups of five vectors over one block (see <see cref="GramPack"/>). They stay in
/// registers: 25 accumulators of 512 bits, or up to 10 of 256 bits at a time; without such units they are plain sums.
/// </summary>
internal static unsafe class GramTile
{
    /// <summary>Inner products of a tile.</summary>
    public const int Products = GramPack.Side * GramPack.Side;

    private const int Step = GramPack.Side * GramPack.Lanes;

    /// <summary><c>tile[i,j] += ⟨row_i, column_j⟩</c>.</summary>
    /// <param name="rows">A packed group.</param>
    /// <param name="columns">Another.</param>
    /// <param name="steps">Groups of 16 elements in the block.</param>
    /// <param name="tile">25 sums in row order.</param>
    /// <param name="next0">16 · <paramref name="steps"/> elements to bring into the cache meanwhile.</param>
    /// <param name="next1">The same.</param>
    public static void Add(float* rows, float* columns, int steps, double* tile, float* next0, float* next1)
    {
        if (Avx512F.IsSupported)
        {
            Add512(rows, columns, steps, tile, next0, next1);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Add256(rows, columns, steps, tile, next0);
            Add256(rows, columns + (2 * GramPack.Lanes), steps, tile + 2, next1);
            AddLast256(rows, columns + (4 * GramPack.Lanes), steps, tile + 4);
        }
        else
        {
            AddScalar(rows, columns, steps, tile);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add512(float* rows, float* columns, int steps, double* tile, float* next0, float* next1)
    {
        Vector512<float> c00 = default, c01 = default, c02 = default, c03 = default, c04 = default;
        Vector512<float> c10 = default, c11 = default, c12 = default, c13 = default, c14 = default;
        Vector512<float> c20 = default, c21 = default, c22 = default, c23 = default, c24 = default;
        Vector512<float> c30 = default, c31 = default, c32 = default, c33 = default, c34 = default;
        Vector512<float> c40 = default, c41 = default, c42 = default, c43 = default, c44 = default;
        for (int step = 0; step < steps; step++)
        {
            Sse.Prefetch1(next0);
            Sse.Prefetch1(next1);
            Vector512<float> y0 = Vector512.Load(columns), y1 = Vector512.Load(columns + 16), y2 = Vector512.Load(columns + 32);
            Vector512<float> y3 = Vector512.Load(columns + 48), y4 = Vector512.Load(columns + 64);
            Vector512<float> x = Vector512.Load(rows);
            c00 = Avx512F.FusedMultiplyAdd(x, y0, c00);
            c01 = Avx512F.FusedMultiplyAdd(x, y1, c01);
            c02 = Avx512F.FusedMultiplyAdd(x, y2, c02);
            c03 = Avx512F.FusedMultiplyAdd(x, y3, c03);
            c04 = Avx512F.FusedMultiplyAdd(x, y4, c04);
            x = Vector512.Load(rows + 16);
            c10 = Avx512F.FusedMultiplyAdd(x, y0, c10);
            c11 = Avx512F.FusedMultiplyAdd(x, y1, c11);
            c12 = Avx512F.FusedMultiplyAdd(x, y2, c12);
            c13 = Avx512F.FusedMultiplyAdd(x, y3, c13);
            c14 = Avx512F.FusedMultiplyAdd(x, y4, c14);
            x = Vector512.Load(rows + 32);
            c20 = Avx512F.FusedMultiplyAdd(x, y0, c20);
            c21 = Avx512F.FusedMultiplyAdd(x, y1, c21);
            c22 = Avx512F.FusedMultiplyAdd(x, y2, c22);
            c23 = Avx512F.FusedMultiplyAdd(x, y3, c23);
            c24 = Avx512F.FusedMultiplyAdd(x, y4, c24);
            x = Vector512.Load(rows + 48);
            c30 = Avx512F.FusedMultiplyAdd(x, y0, c30);
            c31 = Avx512F.FusedMultiplyAdd(x, y1, c31);
            c32 = Avx512F.FusedMultiplyAdd(x, y2, c32);
            c33 = Avx512F.FusedMultiplyAdd(x, y3, c33);
            c34 = Avx512F.FusedMultiplyAdd(x, y4, c34);
            x = Vector512.Load(rows + 64);
            c40 = Avx512F.FusedMultiplyAdd(x, y0, c40);
            c41 = Avx512F.FusedMultiplyAdd(x, y1, c41);
            c42 = Avx512F.FusedMultiplyAdd(x, y2, c42);
            c43 = Avx512F.FusedMultiplyAdd(x, y3, c43);
            c44 = Avx512F.FusedMultiplyAdd(x, y4, c44);
            rows += Step;
            columns += Step;
            next0 += GramPack.Lanes;
            next1 += GramPack.Lanes;
        }

        Vector512<float> zero = default;
        Store(FoldQuarters(Fold(c00, c01, c02, c03), Fold(c04, c10, c11, c12), Fold(c13, c14, c20, c21), Fold(c22, c23, c24, c30)), tile);
        Vector512<float> rest = FoldQuarters(Fold(c31, c32, c33, c34), Fold(c40, c41, c42, c43), Fold(c44, zero, zero, zero), zero);
        (Vector512<double> low, Vector512<double> last) = Vector512.Widen(rest);
        (Vector512.Load(tile + 16) + low).Store(tile + 16);
        tile[24] += last.ToScalar();
    }

    private static void Store(Vector512<float> sums, double* tile)
    {
        (Vector512<double> low, Vector512<double> high) = Vector512.Widen(sums);
        (Vector512.Load(tile) + low).Store(tile);
        (Vector512.Load(tile + Vector512<double>.Count) + high).Store(tile + Vector512<double>.Count);
    }

    /// <summary>Four vectors to one: each of its quarters holds a part of the four sums.</summary>
    private static Vector512<float> Fold(Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d)
    {
        Vector512<double> ab = (Avx512F.UnpackLow(a, b) + Avx512F.UnpackHigh(a, b)).AsDouble();
        Vector512<double> cd = (Avx512F.UnpackLow(c, d) + Avx512F.UnpackHigh(c, d)).AsDouble();
        return Avx512F.UnpackLow(ab, cd).AsSingle() + Avx512F.UnpackHigh(ab, cd).AsSingle();
    }

    /// <summary>Adds the quarters of each vector; the results are the quarters of one.</summary>
    private static Vector512<float> FoldQuarters(Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d)
    {
        Vector512<float> ab = Avx512F.Shuffle4x128(a, b, 0x44) + Avx512F.Shuffle4x128(a, b, 0xEE);
        Vector512<float> cd = Avx512F.Shuffle4x128(c, d, 0x44) + Avx512F.Shuffle4x128(c, d, 0xEE);
        return Avx512F.Shuffle4x128(ab, cd, 0x88) + Avx512F.Shuffle4x128(ab, cd, 0xDD);
    }

    // Two columns at a time: 10 accumulators and 3 operands fit the 16 registers.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add256(float* rows, float* columns, int steps, double* tile, float* next)
    {
        Vector256<float> c00 = default, c01 = default;
        Vector256<float> c10 = default, c11 = default;
        Vector256<float> c20 = default, c21 = default;
        Vector256<float> c30 = default, c31 = default;
        Vector256<float> c40 = default, c41 = default;
        for (int step = 0; step < steps; step++)
        {
            if (Sse.IsSupported)
            {
                Sse.Prefetch1(next);
            }

            for (int half = 0; half < GramPack.Lanes; half += Vector256<float>.Count)
            {
                Vector256<float> y0 = Vector256.Load(columns + half), y1 = Vector256.Load(columns + half + 16);
                Vector256<float> x = Vector256.Load(rows + half);
                c00 = Vector256.MultiplyAddEstimate(x, y0, c00);
                c01 = Vector256.MultiplyAddEstimate(x, y1, c01);
                x = Vector256.Load(rows + half + 16);
                c10 = Vector256.MultiplyAddEstimate(x, y0, c10);
                c11 = Vector256.MultiplyAddEstimate(x, y1, c11);
                x = Vector256.Load(rows + half + 32);
                c20 = Vector256.MultiplyAddEstimate(x, y0, c20);
                c21 = Vector256.MultiplyAddEstimate(x, y1, c21);
                x = Vector256.Load(rows + half + 48);
                c30 = Vector256.MultiplyAddEstimate(x, y0, c30);
                c31 = Vector256.MultiplyAddEstimate(x, y1, c31);
                x = Vector256.Load(rows + half + 64);
                c40 = Vector256.MultiplyAddEstimate(x, y0, c40);
                c41 = Vector256.MultiplyAddEstimate(x, y1, c41);
            }

            rows += Step;
            columns += Step;
            next += GramPack.Lanes;
        }

        tile[0] += Vector256.Sum(c00);
        tile[1] += Vector256.Sum(c01);
        tile[5] += Vector256.Sum(c10);
        tile[6] += Vector256.Sum(c11);
        tile[10] += Vector256.Sum(c20);
        tile[11] += Vector256.Sum(c21);
        tile[15] += Vector256.Sum(c30);
        tile[16] += Vector256.Sum(c31);
        tile[20] += Vector256.Sum(c40);
        tile[21] += Vector256.Sum(c41);
    }

    // The fifth column.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddLast256(float* rows, float* column, int steps, double* tile)
    {
        Vector256<float> c0 = default, c1 = default, c2 = default, c3 = default, c4 = default;
        for (int step = 0; step < steps; step++)
        {
            for (int half = 0; half < GramPack.Lanes; half += Vector256<float>.Count)
            {
                Vector256<float> y = Vector256.Load(column + half);
                c0 = Vector256.MultiplyAddEstimate(Vector256.Load(rows + half), y, c0);
                c1 = Vector256.MultiplyAddEstimate(Vector256.Load(rows + half + 16), y, c1);
                c2 = Vector256.MultiplyAddEstimate(Vector256.Load(rows + half + 32), y, c2);
                c3 = Vector256.MultiplyAddEstimate(Vector256.Load(rows + half + 48), y, c3);
                c4 = Vector256.MultiplyAddEstimate(Vector256.Load(rows + half + 64), y, c4);
            }

            rows += Step;
            column += Step;
        }

        tile[0] += Vector256.Sum(c0);
        tile[5] += Vector256.Sum(c1);
        tile[10] += Vector256.Sum(c2);
        tile[15] += Vector256.Sum(c3);
        tile[20] += Vector256.Sum(c4);
    }

    private static void AddScalar(float* rows, float* columns, int steps, double* tile)
    {
        for (int product = 0; product < Products; product++)
        {
            float* row = rows + (product / GramPack.Side * GramPack.Lanes);
            float* column = columns + (product % GramPack.Side * GramPack.Lanes);
            double sum = 0;
            for (int step = 0; step < steps; step++)
            {
                for (int lane = 0; lane < GramPack.Lanes; lane++)
                {
                    sum += (double)row[(step * Step) + lane] * column[(step * Step) + lane];
                }
            }

            tile[product] += sum;
        }
    }
}
