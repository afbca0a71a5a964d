namespace Federated.Aggregation.Kernels;

/// <summary>Cuts a vector into contiguous ranges, one per worker. Element-wise kernels give the same bits for any cut.</summary>
internal static class ParallelRanges
{
    // Below this a second worker costs more than it saves.
    private const int SmallestRange = 32 * 1024;

    // Cuts on whole cache lines, so that no two workers write to one.
    private const int Granule = 64;

    /// <summary>Calls <paramref name="body"/> with (from, to) for every range.</summary>
    /// <param name="length">Elements of the vector.</param>
    /// <param name="degree">Most workers.</param>
    /// <param name="body">The work; must not throw.</param>
    public static void Run(int length, int degree, Action<int, int> body)
    {
        int workers = Math.Min(degree, (int)(((long)length + SmallestRange - 1) / SmallestRange));
        if (workers <= 1)
        {
            body(0, length);
            return;
        }

        long size = ((((long)length + workers - 1) / workers) + Granule - 1) / Granule * Granule;
        Parallel.For(0, workers, new ParallelOptions { MaxDegreeOfParallelism = workers }, worker =>
        {
            int from = (int)Math.Min(length, worker * size);
            body(from, (int)Math.Min(length, from + size));
        });
    }
}
