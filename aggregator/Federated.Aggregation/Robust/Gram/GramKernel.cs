namespace Federated.Aggregation.Robust.Gram;

/// <summary>
/// All inner products of p float32 vectors in one pass over them: 4×4 tiles in registers, blocks that stay in the second-level
/// cache, only one half of the symmetric matrix.
/// </summary>
/// <remarks>
/// Inside a block of 1024 elements products are summed in float32 lanes, across blocks in float64: an entry differs from the
/// exact one by at most <c>70 · 2^-24 · Σ|x·y|</c> (about 1e-7 of it for random signs). Chunks are cut by length alone and
/// added in order, so the result has the same bits for any degree. An element that is not finite spoils its own row only;
/// elements beyond 1e18 overflow (see <see cref="GramMatrix.Compute"/>).
/// </remarks>
internal static unsafe class GramKernel
{
    private const int Block = 1024;
    private const int Chunk = 128 * Block;

    /// <summary>The full matrix in row order.</summary>
    public static double[] Run(nint[] vectors, int length, int degree)
    {
        int count = vectors.Length;
        int groups = (count + GramTile.Side - 1) / GramTile.Side;
        var padded = new nint[groups * GramTile.Side];

        // The last group is filled up with any readable vector; its products are not used.
        padded.AsSpan().Fill(vectors[0]);
        vectors.CopyTo(padded, 0);
        int tiles = groups * (groups + 1) / 2;
        int chunks = Math.Max(1, (int)(((long)length + Chunk - 1) / Chunk));
        var sums = new double[chunks][];
        Parallel.For(0, chunks, new ParallelOptions { MaxDegreeOfParallelism = degree }, chunk =>
        {
            sums[chunk] = new double[tiles * GramTile.Side * GramTile.Side];
            int from = chunk * Chunk;
            Add(padded, groups, from, Math.Min(length, from + Chunk), sums[chunk]);
        });
        return Unfold(sums, count, groups);
    }

    private static void Add(nint[] vectors, int groups, int from, int to, double[] sums)
    {
        fixed (nint* addresses = vectors)
        fixed (double* tiles = sums)
        {
            for (int start = from; start < to; start += Block)
            {
                int length = Math.Min(Block, to - start);
                double* tile = tiles;
                for (int row = 0; row < groups; row++)
                {
                    for (int column = 0; column <= row; column++)
                    {
                        GramTile.Add(addresses + (row * GramTile.Side), addresses + (column * GramTile.Side), start, length, tile);
                        tile += GramTile.Side * GramTile.Side;
                    }
                }
            }
        }
    }

    private static double[] Unfold(double[][] sums, int count, int groups)
    {
        double[] matrix = new double[count * count];
        int tile = 0;
        for (int row = 0; row < groups; row++)
        {
            for (int column = 0; column <= row; column++, tile += GramTile.Side * GramTile.Side)
            {
                for (int k = 0; k < GramTile.Side * GramTile.Side; k++)
                {
                    int i = (row * GramTile.Side) + (k / GramTile.Side);
                    int j = (column * GramTile.Side) + (k % GramTile.Side);
                    if (i < count && j <= i)
                    {
                        matrix[(i * count) + j] = matrix[(j * count) + i] = sums.Sum(chunk => chunk[tile + k]);
                    }
                }
            }
        }

        return matrix;
    }
}
