namespace Federated.Aggregation.Robust.Gram;

/// <summary>
/// Puts inner products of vectors right that lie close together for their length: their distance is the small difference of large products, each with the rounding of float32. It
/// is measured anew from the vectors, and the product follows from it: what a rule then concludes from distances is as exact as if the common part of all vectors had been taken away.
/// </summary>
internal static class CloseVectors
{
    // Products have errors of 1e-6 of the squared norms or less, so that a squared distance above this part of them is right to 1e-4.
    private const double Close = 0.01;

    // Both vectors of a pair stay in the cache with those of other pairs.
    private const int BlockLength = 4096;

    /// <summary>The matrix with the products of close vectors measured anew.</summary>
    /// <param name="gram">Products of the vectors.</param>
    /// <param name="vectors">The vectors; empty ones are not at hand, and keep their products.</param>
    /// <param name="degree">Most cores to use at once; 0 for all.</param>
    public static GramMatrix Refine(GramMatrix gram, IReadOnlyList<ReadOnlyMemory<float>> vectors, int degree)
    {
        (int I, int J)[] pairs =
        [
            .. Enumerable.Range(0, gram.Count).SelectMany(i => Enumerable.Range(0, i).Select(j => (i, j)))
                .Where(pair => vectors[pair.i].Length > 0 && vectors[pair.j].Length > 0 && AreClose(gram, pair.i, pair.j)),
        ];
        if (pairs.Length == 0)
        {
            return gram;
        }

        int length = vectors[pairs[0].I].Length;
        int blocks = (length + BlockLength - 1) / BlockLength;
        int workers = Math.Min(blocks, degree == 0 ? Environment.ProcessorCount : degree);
        double[][] sums = new double[workers][];
        Parallel.For(0, workers, new ParallelOptions { MaxDegreeOfParallelism = workers }, worker =>
        {
            double[] sum = new double[pairs.Length];
            for (int block = (int)((long)blocks * worker / workers); block < (int)((long)blocks * (worker + 1) / workers); block++)
            {
                int from = block * BlockLength;
                int count = Math.Min(BlockLength, length - from);
                for (int k = 0; k < pairs.Length; k++)
                {
                    sum[k] += VectorDistance.Squared(vectors[pairs[k].I].Span.Slice(from, count), vectors[pairs[k].J].Span.Slice(from, count));
                }
            }

            sums[worker] = sum;
        });

        double[] products = gram.Products.ToArray();
        for (int k = 0; k < pairs.Length; k++)
        {
            (int i, int j) = pairs[k];
            double product = (gram[i, i] + gram[j, j] - sums.Sum(sum => sum[k])) / 2;
            products[(i * gram.Count) + j] = products[(j * gram.Count) + i] = product;
        }

        return new GramMatrix(products);
    }

    private static bool AreClose(GramMatrix gram, int i, int j)
    {
        double squares = (gram[i, i] + gram[j, j]) / 2;
        return squares > 0 && gram.SquaredDistance(i, j) < Close * squares;
    }
}
