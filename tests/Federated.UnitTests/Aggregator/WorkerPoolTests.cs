using Federated.Aggregator;
using Federated.Aggregator.Workers;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Federated.UnitTests.Aggregator;

public sealed class WorkerPoolTests : IDisposable
{
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(2);

    private readonly AggregatorMetrics _metrics = new();
    private readonly FakeTimeProvider _time = new();
    private int _quiet;

    public void Dispose() => _metrics.Dispose();

    [Fact]
    public void Run_WorkerIdles_StartsNoOther()
    {
        using WorkerPool pool = Pool(warm: 1, most: 4);
        int? first = null, second = null;

        RunAndWait(pool, () => first = Environment.CurrentManagedThreadId);
        AwaitIdle(pool, 1);
        RunAndWait(pool, () => second = Environment.CurrentManagedThreadId);

        Assert.Equal(first, second);
        Assert.Equal(1, pool.Count);
    }

    [Fact]
    public void Run_AllWorkersBusy_TheFirstThatEndsTakesIt()
    {
        using WorkerPool pool = Pool(warm: 0, most: 2);
        using var hold = new ManualResetEventSlim();
        using var done = new CountdownEvent(5);
        for (int i = 0; i < 5; i++)
        {
            pool.Run(() =>
            {
                hold.Wait(Long, TestContext.Current.CancellationToken);
                done.Signal();
            });
        }

        Assert.Equal(2, pool.Count);
        hold.Set();

        Assert.True(done.Wait(Long, TestContext.Current.CancellationToken));
        Assert.Equal(2, pool.Count);
    }

    [Fact]
    public void TryRun_AllWorkersBusy_IsRefused()
    {
        WorkerPool pool = Pool(warm: 0, most: 1);
        using var hold = new ManualResetEventSlim();
        using var done = new CountdownEvent(1);

        Assert.True(pool.TryRun(() =>
        {
            hold.Wait(Long, TestContext.Current.CancellationToken);
            done.Signal();
        }));
        Assert.False(pool.TryRun(() => Assert.Fail("Nobody was there.")));

        hold.Set();
        Assert.True(done.Wait(Long, TestContext.Current.CancellationToken));
        pool.Dispose();
        Assert.False(pool.TryRun(() => Assert.Fail("The pool has stopped.")));
    }

    [Fact]
    public void Time_WorkersIdleTooLong_EndDownToTheWarmOnes()
    {
        using WorkerPool pool = Pool(warm: 1, most: 3);
        using (var together = new Barrier(4))
        {
            for (int i = 0; i < 3; i++)
            {
                pool.Run(() => Assert.True(together.SignalAndWait(Long, TestContext.Current.CancellationToken)));
            }

            Assert.True(together.SignalAndWait(Long, TestContext.Current.CancellationToken));
            AwaitIdle(pool, 3);
        }

        _time.Advance(IdleTimeout / 2);
        Assert.Equal(3, pool.Count);
        _time.Advance(IdleTimeout);

        Assert.Equal(1, pool.Count);
        Assert.Equal(1, _quiet);
        RunAndWait(pool, () => { });
    }

    [Fact]
    public void Run_TurnThrows_TheWorkerGoesOn()
    {
        using WorkerPool pool = Pool(warm: 1, most: 1);

        pool.Run(() => throw new InvalidOperationException("a bug"));
        RunAndWait(pool, () => { });

        Assert.Equal(1, pool.Count);
    }

    [Fact]
    public void Dispose_TurnsWait_DoesThem()
    {
        int done = 0;
        using (WorkerPool pool = Pool(warm: 0, most: 1))
        {
            for (int i = 0; i < 20; i++)
            {
                pool.Run(() => done++);
            }
        }

        Assert.Equal(20, done);
    }

    private static void RunAndWait(WorkerPool pool, Action turn)
    {
        using var done = new ManualResetEventSlim();
        pool.Run(() =>
        {
            turn();
            done.Set();
        });
        Assert.True(done.Wait(Long, TestContext.Current.CancellationToken), "The turn was not done.");
    }

    private static void AwaitIdle(WorkerPool pool, int count) =>
        Assert.True(SpinWait.SpinUntil(() => pool.Idle == count, Long), $"{pool.Idle} workers idle, {count} should.");

    private WorkerPool Pool(int warm, int most)
    {
        var pool = new WorkerPool(warm, most, IdleTimeout, () => _quiet++, _metrics, _time, NullLogger.Instance);
        pool.Start();
        return pool;
    }
}
