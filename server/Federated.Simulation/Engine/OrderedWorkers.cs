using System.Runtime.ExceptionServices;

namespace Federated.Simulation.Engine;

/// <summary>
/// Threads that work on numbered items in parallel and hand the results over in the order of the numbers. Results wait in a bounded window, so that
/// memory depends on the number of workers and not on the number of items, and what is made of the results does not depend on who was faster.
/// </summary>
/// <remarks>The calling thread is worker 0. Each worker owns one <typeparamref name="TWorker"/>, made on its own thread at its first item.</remarks>
internal sealed class OrderedWorkers<TWorker> : IDisposable
    where TWorker : class, IDisposable
{
    private readonly Func<TWorker> _create;
    private readonly TWorker?[] _owned;
    private readonly Thread[] _threads;
    private readonly object _gate = new();
    private readonly bool[] _finished;
    private Action<TWorker, int, int>? _work;
    private Func<int, int, bool>? _fold;
    private ExceptionDispatchInfo? _fault;
    private int _count;
    private int _next;
    private int _folded;
    private int _busy;
    private int _waiting;
    private bool _disposed;

    /// <param name="workers">Threads, the caller's included.</param>
    /// <param name="window">Results that may wait, at least <paramref name="workers"/>.</param>
    /// <param name="create">Makes a thread's worker.</param>
    public OrderedWorkers(int workers, int window, Func<TWorker> create)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(window, workers);
        _create = create;
        _owned = new TWorker?[workers];
        Window = window;
        _finished = new bool[Window];
        _threads = new Thread[workers - 1];
        for (int i = 0; i < _threads.Length; i++)
        {
            int number = i + 1;
            _threads[i] = new Thread(() => Serve(number)) { IsBackground = true, Name = $"simulation worker {number}" };
            _threads[i].Start();
        }
    }

    /// <summary>Results that may wait: item i uses the window's slot i mod <see cref="Window"/>.</summary>
    public int Window { get; }

    /// <summary>Works on items 0 to <paramref name="count"/> - 1 and returns when all are handed over.</summary>
    /// <param name="count">Number of items.</param>
    /// <param name="work">Worker, item, slot. Runs on any worker's thread.</param>
    /// <param name="fold">Item, slot. Called in the order of the items, by one thread at a time; false ends the run, and later items are dropped.</param>
    /// <param name="cancellationToken">Ends the run before the next item.</param>
    public void Run(int count, Action<TWorker, int, int> work, Func<int, int, bool> fold, CancellationToken cancellationToken)
    {
        using CancellationTokenRegistration registration = cancellationToken.Register(Stop);
        lock (_gate)
        {
            (_count, _next, _folded, _fault) = (cancellationToken.IsCancellationRequested ? 0 : count, 0, 0, null);
            (_work, _fold) = (work, fold);
            Array.Clear(_finished);
            Monitor.PulseAll(_gate);
        }

        while (TryClaim(0, wait: true, out int item))
        {
            Work(0, item);
        }

        lock (_gate)
        {
            while (_busy > 0)
            {
                _waiting++;
                Monitor.Wait(_gate);
                _waiting--;
            }

            _count = 0;
            (_work, _fold) = (null, null);
        }

        _fault?.Throw();
        cancellationToken.ThrowIfCancellationRequested();
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _count = 0;
            Monitor.PulseAll(_gate);
        }

        foreach (Thread thread in _threads)
        {
            thread.Join();
        }

        foreach (TWorker? worker in _owned)
        {
            worker?.Dispose();
        }
    }

    private void Serve(int number)
    {
        while (TryClaim(number, wait: false, out int item))
        {
            Work(number, item);
        }
    }

    /// <summary>
    /// Takes the next item; false when there is none for this worker any more. The caller's worker leaves when the run is over, the others wait for the next run.
    /// </summary>
    private bool TryClaim(int number, bool wait, out int item)
    {
        lock (_gate)
        {
            while (true)
            {
                bool left = _next < _count;
                if (left && _next < _folded + Window)
                {
                    item = _next++;
                    _busy++;
                    return true;
                }

                if (_disposed || (wait && !left))
                {
                    item = -1;
                    return false;
                }

                _waiting++;
                Monitor.Wait(_gate);
                _waiting--;
            }
        }
    }

    private void Work(int number, int item)
    {
        ExceptionDispatchInfo? fault = null;
        try
        {
            _work!(_owned[number] ??= _create(), item, item % Window);
        }
        catch (Exception exception)
        {
            fault = ExceptionDispatchInfo.Capture(exception);
        }

        lock (_gate)
        {
            try
            {
                if (fault is null)
                {
                    _finished[item % Window] = true;
                    HandOver_NeedsLock();
                }
            }
            catch (Exception exception)
            {
                fault = ExceptionDispatchInfo.Capture(exception);
            }

            if (fault is not null)
            {
                _fault ??= fault;
                _count = 0;
            }

            _busy--;
            if (_waiting > 0)
            {
                Monitor.PulseAll(_gate);
            }
        }
    }

    private void HandOver_NeedsLock()
    {
        while (_folded < _count && _finished[_folded % Window])
        {
            int item = _folded;
            _finished[item % Window] = false;
            if (!_fold!(item, item % Window))
            {
                _count = 0;
                return;
            }

            _folded++;
        }
    }

    private void Stop()
    {
        lock (_gate)
        {
            _count = 0;
            Monitor.PulseAll(_gate);
        }
    }
}
