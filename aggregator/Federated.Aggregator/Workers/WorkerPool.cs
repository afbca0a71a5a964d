using Microsoft.Extensions.Logging;

namespace Federated.Aggregator.Workers;

/// <summary>
/// The warm pool of a node: threads that are started before they are needed and wait without using the processor. A turn is any piece of
/// aggregation work; a worker has no role of its own. It takes the next turn that waits, whatever that is, before a thread is started.
/// </summary>
internal sealed partial class WorkerPool : IDisposable
{
    private readonly int _warm;
    private readonly int _most;
    private readonly TimeSpan _idleTimeout;
    private readonly AggregatorMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Action _onQuiet;
    private readonly Lock _gate = new();
    private readonly Queue<Action> _waiting = new();
    private readonly List<Worker> _idle = [];
    private readonly List<Worker> _workers = [];
    private readonly ITimer _timer;
    private bool _isStopped;

    /// <param name="warm">Workers started now; as many are kept however long they idle.</param>
    /// <param name="most">The most workers.</param>
    /// <param name="idleTimeout">Idle time after which a worker above <paramref name="warm"/> ends.</param>
    /// <param name="onQuiet">Called when idle workers have been looked at and none works: memory that is kept for the next turn may go.</param>
    /// <param name="metrics">Counts the starts.</param>
    /// <param name="time">Measures how long workers idle.</param>
    /// <param name="logger">Hears of turns that failed.</param>
    public WorkerPool(int warm, int most, TimeSpan idleTimeout, Action onQuiet, AggregatorMetrics metrics, TimeProvider time, ILogger logger)
    {
        _warm = Math.Min(warm, most);
        _most = most;
        _idleTimeout = idleTimeout;
        _onQuiet = onQuiet;
        _metrics = metrics;
        _time = time;
        _logger = logger;
        _timer = time.CreateTimer(_ => EndIdle(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The most workers at the same time.</summary>
    public int Most => _most;

    /// <summary>Workers that wait.</summary>
    public int Idle
    {
        get
        {
            lock (_gate)
            {
                return _idle.Count;
            }
        }
    }

    /// <summary>Workers that wait or work.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _workers.Count;
            }
        }
    }

    /// <summary>Starts the warm workers.</summary>
    public void Start()
    {
        lock (_gate)
        {
            while (_workers.Count < _warm)
            {
                _idle.Add(Add_NeedsLock(null));
            }
        }
    }

    /// <summary>Has a turn done: by an idle worker, else by one more, else by the first that has ended its turn.</summary>
    public void Run(Action turn)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isStopped, this);
            if (!TryStart_NeedsLock(turn))
            {
                _waiting.Enqueue(turn);
            }
        }
    }

    /// <summary>Has a turn done at once, by an idle worker or one more; false when there is none, or the pool has stopped.</summary>
    public bool TryRun(Action turn)
    {
        lock (_gate)
        {
            return !_isStopped && TryStart_NeedsLock(turn);
        }
    }

    /// <summary>Lets the turns that run or wait end, then the workers.</summary>
    public void Dispose()
    {
        Worker[] workers;
        lock (_gate)
        {
            _isStopped = true;
            workers = [.. _workers];
            _idle.ForEach(worker => worker.Wake(null));
            _idle.Clear();
        }

        foreach (Worker worker in workers)
        {
            worker.Join();
        }

        _timer.Dispose();
    }

    private bool TryStart_NeedsLock(Action turn)
    {
        bool isWarm = _idle.Count > 0;
        if (!isWarm && _workers.Count >= _most)
        {
            return false;
        }

        _metrics.WorkerStarted(isWarm);
        if (isWarm)
        {
            Worker worker = _idle[^1];
            _idle.RemoveAt(_idle.Count - 1);
            worker.Wake(turn);
        }
        else
        {
            Add_NeedsLock(turn);
        }

        return true;
    }

    private Worker Add_NeedsLock(Action? turn)
    {
        var worker = new Worker(this, turn, $"aggregation-{_workers.Count + 1}") { IdleSince = _time.GetTimestamp() };
        _workers.Add(worker);
        worker.Start();
        return worker;
    }

    /// <summary>The next turn of a worker; null while there is none and the worker is idle, or when the pool has stopped.</summary>
    private Action? Next(Worker worker, out bool isOver)
    {
        lock (_gate)
        {
            isOver = false;
            if (_waiting.TryDequeue(out Action? turn))
            {
                _metrics.WorkerStarted(isWarm: true);
                return turn;
            }

            if (_isStopped)
            {
                isOver = true;
                return null;
            }

            worker.IdleSince = _time.GetTimestamp();
            _idle.Add(worker);
            if (_idle.Count == _workers.Count)
            {
                // Everybody idles: look at them once, when the time is over. The timer stands still while there is work.
                _timer.Change(_idleTimeout, Timeout.InfiniteTimeSpan);
            }

            return null;
        }
    }

    private void EndIdle()
    {
        lock (_gate)
        {
            if (_isStopped || _idle.Count < _workers.Count)
            {
                return;
            }

            // The longest idle are at the front: the others are warmer.
            while (_workers.Count > _warm && _time.GetElapsedTime(_idle[0].IdleSince) >= _idleTimeout)
            {
                Worker ended = _idle[0];
                _idle.RemoveAt(0);
                _workers.Remove(ended);
                ended.Wake(null);
            }
        }

        _onQuiet();
    }

    private void Do(Action turn)
    {
        try
        {
            turn();
        }
        catch (Exception exception)
        {
            LogTurnFailed(exception);
        }
    }

    [LoggerMessage(1501, LogLevel.Critical, "A turn of an aggregation worker failed", EventName = "TurnFailed")]
    private partial void LogTurnFailed(Exception exception);

    /// <summary>One thread. It is woken once for each turn that it is given while it idles, and once, without a turn, to end.</summary>
    private sealed class Worker
    {
        private readonly WorkerPool _pool;
        private readonly Action? _first;
        private readonly Thread _thread;
        private readonly object _signal = new();
        private Action? _given;
        private bool _isWoken;

        public Worker(WorkerPool pool, Action? first, string name)
        {
            _pool = pool;
            _first = first;
            _thread = new Thread(Run) { IsBackground = true, Name = name };
        }

        public long IdleSince { get; set; }

        public void Start() => _thread.Start();

        public void Join() => _thread.Join();

        public void Wake(Action? turn)
        {
            lock (_signal)
            {
                _given = turn;
                _isWoken = true;
                Monitor.Pulse(_signal);
            }
        }

        private void Run()
        {
            bool isOver = false;
            for (Action? turn = _first ?? Wait(); turn is not null && !isOver;)
            {
                _pool.Do(turn);
                turn = _pool.Next(this, out isOver) ?? (isOver ? null : Wait());
            }
        }

        private Action? Wait()
        {
            lock (_signal)
            {
                while (!_isWoken)
                {
                    Monitor.Wait(_signal);
                }

                _isWoken = false;
                return _given;
            }
        }
    }
}
