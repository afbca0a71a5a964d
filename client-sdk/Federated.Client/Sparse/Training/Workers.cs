namespace Federated.Client.Sparse.Training;

/// <summary>Deals tasks to a fixed number of threads. What a task computes depends on its number alone, so results do not depend on the threads.</summary>
internal sealed class Workers(int count)
{
    private readonly ParallelOptions _options = new() { MaxDegreeOfParallelism = count };
    private int _next;

    public int Count { get; } = count;

    /// <summary>Parts that work of one kind is cut into: enough to even out parts of different cost.</summary>
    public int Parts => Count == 1 ? 1 : 4 * Count;

    /// <summary>Runs tasks 0 to <paramref name="tasks"/>, exclusive; the first argument is the worker's number.</summary>
    public void Run(int tasks, Action<int, int> task)
    {
        if (Count == 1 || tasks <= 1)
        {
            for (int i = 0; i < tasks; i++)
            {
                task(0, i);
            }

            return;
        }

        _next = -1;
        Parallel.For(0, Math.Min(Count, tasks), _options, worker =>
        {
            for (int i = Interlocked.Increment(ref _next); i < tasks; i = Interlocked.Increment(ref _next))
            {
                task(worker, i);
            }
        });
    }
}
