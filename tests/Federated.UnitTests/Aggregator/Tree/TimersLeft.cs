namespace Federated.UnitTests.Aggregator.Tree;

/// <summary>Counts the timers that were made and not disposed of.</summary>
internal sealed class TimersLeft(TimeProvider time) : TimeProvider
{
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public override DateTimeOffset GetUtcNow() => time.GetUtcNow();

    public override long GetTimestamp() => time.GetTimestamp();

    public override long TimestampFrequency => time.TimestampFrequency;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Interlocked.Increment(ref _count);
        return new Counted(this, time.CreateTimer(callback, state, dueTime, period));
    }

    private sealed class Counted(TimersLeft all, ITimer timer) : ITimer
    {
        private int _isDisposed;

        public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(dueTime, period);

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
            {
                Interlocked.Decrement(ref all._count);
            }

            timer.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
