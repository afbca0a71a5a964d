using System.Runtime.InteropServices;

namespace Federated.Aggregation.Robust.Gram;

/// <summary>
/// All inner products of p float32 vectors in one pass over them: 5×5 tiles in registers, rows that are packed when their turn
/// comes and stay in the first-level cache while the columns pass by, columns from the second-level cache, only one half of the
/// symmetric matrix, and the next block on its way while this one is multiplied.
/// </summary>
/// <remarks>
/// Inside a block of 768 elements products are summed in float32 lanes, across blocks in float64: an entry differs from the
/// exact one by at most <c>60 · 2^-24 · Σ|x·y|</c> (about 1e-7 of it for random signs). Chunks are cut by length alone and
/// added in order, so the result has the same bits for any degree. An element that is not finite spoils its own row only;
/// elements beyond 1e18 overflow (see <see cref="GramMatrix.Compute"/>).
/// </remarks>
internal static unsafe class GramKernel
{
    private const int Block = 768;
    private const int Chunk = 85 * Block;
    private const int GroupLength = GramPack.Side * Block;
    private const nuint LineBytes = 64;

    /// <summary>The matrix in row order, without the products of two vectors that are both before the first new one: those are 0.</summary>
    /// <param name="vectors">Addresses.</param>
    /// <param name="length">Elements of each.</param>
    /// <param name="degree">Most cores to use at once.</param>
    /// <param name="firstNew">The first new vector, a multiple of <see cref="GramPack.Side"/>; 0 for the full matrix.</param>
    public static double[] Run(nint[] vectors, int length, int degree, int firstNew = 0)
    {
        int groups = (vectors.Length + GramPack.Side - 1) / GramPack.Side;
        int firstRow = firstNew / GramPack.Side;
        int tiles = groups * (groups + 1) / 2;
        int chunks = Math.Max(1, (int)(((long)length + Chunk - 1) / Chunk));
        var sums = new double[chunks][];
        Parallel.For(0, chunks, new ParallelOptions { MaxDegreeOfParallelism = degree }, chunk =>
        {
            sums[chunk] = new double[tiles * GramTile.Products];
            int from = chunk * Chunk;
            Add(vectors, groups, firstRow, from, Math.Min(length, from + Chunk), sums[chunk]);
        });
        return Unfold(sums, vectors.Length, groups);
    }

    private static void Add(nint[] vectors, int groups, int firstRow, int from, int to, double[] sums)
    {
        nuint bytes = (nuint)groups * GroupLength * sizeof(float);
        var packed = (float*)NativeMemory.AlignedAlloc(bytes, LineBytes);
        try
        {
            NativeMemory.Clear(packed, bytes);
            fixed (double* tiles = sums)
            {
                for (int start = from; start < to; start += Block)
                {
                    AddBlock(vectors, groups, firstRow, packed, start, Math.Min(Block, to - start), start + Block < to ? start + Block : start, tiles);
                }
            }
        }
        finally
        {
            NativeMemory.AlignedFree(packed);
        }
    }

    private static void AddBlock(nint[] vectors, int groups, int firstRow, float* packed, int start, int length, int next, double* tiles)
    {
        int count = (groups * (groups + 1) / 2) - TileOf(firstRow, 0);
        int steps = (length + GramPack.Lanes - 1) / GramPack.Lanes;
        int done = 0;
        int prefetched = 0;
        for (int group = 0; group < firstRow; group++)
        {
            GramPack.Copy(vectors, group, start, length, packed + (group * GroupLength));
        }

        for (int row = firstRow; row < groups; row++)
        {
            float* rows = packed + (row * GroupLength);
            GramPack.Copy(vectors, row, start, length, rows);
            for (int column = 0; column <= row; column++)
            {
                // Memory keeps pace with the arithmetic only if the next block comes evenly over all tiles.
                int due = (int)((long)++done * vectors.Length / count);
                float* next0 = prefetched < due ? (float*)vectors[prefetched++] + next : rows;
                float* next1 = prefetched < due ? (float*)vectors[prefetched++] + next : rows;
                GramTile.Add(rows, packed + (column * GroupLength), steps, tiles + (TileOf(row, column) * GramTile.Products), next0, next1);
            }
        }
    }

    private static int TileOf(int row, int column) => (row * (row + 1) / 2) + column;

    private static double[] Unfold(double[][] sums, int count, int groups)
    {
        double[] total = new double[sums[0].Length];
        foreach (double[] chunk in sums)
        {
            for (int i = 0; i < total.Length; i++)
            {
                total[i] += chunk[i];
            }
        }

        double[] matrix = new double[count * count];
        for (int row = 0; row < groups; row++)
        {
            for (int column = 0; column <= row; column++)
            {
                int tile = TileOf(row, column) * GramTile.Products;
                for (int k = 0; k < GramTile.Products; k++)
                {
                    int i = (row * GramPack.Side) + (k / GramPack.Side);
                    int j = (column * GramPack.Side) + (k % GramPack.Side);
                    if (i < count && j <= i)
                    {
                        matrix[(i * count) + j] = matrix[(j * count) + i] = total[tile + k];
                    }
                }
            }
        }

        return matrix;
    }
}
