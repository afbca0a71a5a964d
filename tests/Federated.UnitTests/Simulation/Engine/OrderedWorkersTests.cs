using System.Collections.Concurrent;
using Federated.Simulation.Engine;

namespace Federated.UnitTests.Simulation.Engine;

public sealed class OrderedWorkersTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Run_AnyNumberOfWorkers_HandsOverInOrderAndKeepsTheWindow(int count)
    {
        using var workers = new OrderedWorkers<Worker>(count, 2 * count, () => new Worker());
        int[] slots = new int[workers.Window];
        List<int> order = [];
        int folded = 0, widest = 0;

        for (int run = 0; run < 3; run++)
        {
            order.Clear();
            folded = 0;
            workers.Run(
                200,
                (_, item, slot) =>
                {
                    slots[slot] = item;
                    int ahead = item - Volatile.Read(ref folded);
                    InterlockedMax(ref widest, ahead);
                },
                (item, slot) =>
                {
                    Assert.Equal(item, slots[slot]);
                    order.Add(item);
                    folded = item + 1;
                    return true;
                },
                TestContext.Current.CancellationToken);

            Assert.Equal(Enumerable.Range(0, 200), order);
        }

        Assert.True(widest <= workers.Window, $"{widest} items ahead of a window of {workers.Window}");
    }

    [Fact]
    public void Run_FoldSaysStop_DropsTheRest()
    {
        using var workers = new OrderedWorkers<Worker>(3, 6, () => new Worker());
        List<int> order = [];

        workers.Run(100, (_, _, _) => { }, (item, _) => { order.Add(item); return item < 9; }, TestContext.Current.CancellationToken);

        Assert.Equal(Enumerable.Range(0, 10), order);
    }

    [Fact]
    public void Run_WorkThrows_ThrowsTheSameAndCanRunAgain()
    {
        using var workers = new OrderedWorkers<Worker>(2, 4, () => new Worker());

        Assert.Throws<InvalidTimeZoneException>(() => workers.Run(
            50, (_, item, _) => { if (item == 7) { throw new InvalidTimeZoneException(); } }, (_, _) => true, TestContext.Current.CancellationToken));

        int done = 0;
        workers.Run(5, (_, _, _) => { }, (_, _) => ++done > 0, TestContext.Current.CancellationToken);
        Assert.Equal(5, done);
    }

    [Fact]
    public void Run_Cancelled_Throws()
    {
        using var workers = new OrderedWorkers<Worker>(2, 4, () => new Worker());
        using var source = new CancellationTokenSource();

        Assert.Throws<OperationCanceledException>(() =>
            workers.Run(1000, (_, item, _) => { if (item == 20) { source.Cancel(); } }, (_, _) => true, source.Token));
    }

    [Fact]
    public void Dispose_DisposesEveryWorker()
    {
        var made = new ConcurrentBag<Worker>();
        var workers = new OrderedWorkers<Worker>(3, 6, () => { var worker = new Worker(); made.Add(worker); return worker; });
        workers.Run(30, (_, _, _) => { }, (_, _) => true, TestContext.Current.CancellationToken);

        workers.Dispose();

        Assert.All(made, worker => Assert.True(worker.IsDisposed));
    }

    private static void InterlockedMax(ref int target, int value)
    {
        int seen = Volatile.Read(ref target);
        while (value > seen)
        {
            int previous = Interlocked.CompareExchange(ref target, value, seen);
            if (previous == seen)
            {
                return;
            }

            seen = previous;
        }
    }

    private sealed class Worker : IDisposable
    {
        public bool IsDisposed { get; private set; }

        public void Dispose() => IsDisposed = true;
    }
}
