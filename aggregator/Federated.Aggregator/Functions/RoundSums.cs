using System.Collections.Immutable;
using Federated.Aggregation.Accumulators;
using Federated.Protocol.Tier;
using Federated.Protocol.V1;
using Microsoft.Extensions.Logging;

namespace Federated.Aggregator.Functions;

/// <summary>
/// The tree of one round inside a node. Updates wait in one queue; workers take batches of it, each into a function of its own. A second
/// leaf starts when more updates wait than the running leaves are there for. A worker that finds the queue empty puts its sums down, and
/// when others rest too it becomes the middle: it merges them, so that at most one partial is left when the last worker goes.
/// </summary>
internal sealed partial class RoundSums
{
    /// <summary>Updates that are summed in one pass; more gain little and hold their slots longer.</summary>
    public const int MostAtOnce = 8;

    private readonly NodeFunctions _node;
    private readonly ImmutableArray<SectionSpec> _sections;
    private readonly Action<LeafInput> _onSummed;
    private readonly Action<Exception> _onFault;
    private readonly Func<bool> _isEnded;
    private readonly Lock _gate = new();
    private readonly Queue<LeafInput> _waiting = new();
    private readonly List<string> _resting = [];
    private readonly Dictionary<AggregationFunction, FunctionState> _running = [];
    private TaskCompletionSource? _quiet;
    private int _mostLeaves;
    private int _updatesPerLeaf;
    private int _turns;
    private bool _isReleased;

    /// <param name="node">Workers and partials of the node.</param>
    /// <param name="sections">Sections of the round's updates.</param>
    /// <param name="mostLeaves">The most leaves at the same time.</param>
    /// <param name="updatesPerLeaf">I: waiting updates for which one leaf is enough.</param>
    /// <param name="isEnded">Whether what waits is to be dropped instead of summed.</param>
    /// <param name="onSummed">Called once for each update that was offered, summed or dropped; releases its payload.</param>
    /// <param name="onFault">The sums are spoiled. Called before the updates in question are reported.</param>
    public RoundSums(
        NodeFunctions node, ImmutableArray<SectionSpec> sections, int mostLeaves, int updatesPerLeaf, Func<bool> isEnded,
        Action<LeafInput> onSummed, Action<Exception> onFault)
    {
        _node = node;
        _sections = sections;
        _mostLeaves = mostLeaves;
        _updatesPerLeaf = updatesPerLeaf;
        _isEnded = isEnded;
        _onSummed = onSummed;
        _onFault = onFault;
    }

    /// <summary>Updates that wait for a leaf.</summary>
    public int Waiting
    {
        get
        {
            lock (_gate)
            {
                return _waiting.Count;
            }
        }
    }

    /// <summary>The functions of the round at this moment.</summary>
    public ImmutableArray<FunctionView> View()
    {
        lock (_gate)
        {
            return
            [
                .. _running.Select(pair => Of(pair.Key, pair.Value)),
                .. _resting.Select(key => Of(_node.Registry.Peek(key), FunctionState.Resting)),
            ];
        }

        static FunctionView Of(AggregationFunction function, FunctionState state) =>
            new(function.Key, function.Role, state, function.Summed, function.Merged);
    }

    /// <summary>Takes the leaves of another plan of the round.</summary>
    public void Replan(int mostLeaves, int updatesPerLeaf)
    {
        lock (_gate)
        {
            _mostLeaves = mostLeaves;
            _updatesPerLeaf = updatesPerLeaf;
        }
    }

    /// <summary>Hands an update over; a worker sums it soon.</summary>
    public void Offer(LeafInput input)
    {
        lock (_gate)
        {
            _waiting.Enqueue(input);
            int wanted = Math.Min(Math.Min(_mostLeaves, _node.LeavesPerRound), (_waiting.Count + _updatesPerLeaf - 1) / _updatesPerLeaf);
            if (_turns >= wanted)
            {
                return;
            }

            _turns++;
        }

        _node.Workers.Run(Turn);
    }

    /// <summary>Ends when nothing waits and no worker is at it. Whoever awaits it offers nothing meanwhile.</summary>
    public Task QuietAsync()
    {
        lock (_gate)
        {
            if (_turns == 0)
            {
                return Task.CompletedTask;
            }

            _quiet ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _quiet.Task;
        }
    }

    /// <summary>The sums of the round while it is quiet; null before the first update. They stay here.</summary>
    public AggregationFunction? Partial()
    {
        lock (_gate)
        {
            return _resting.Count == 0 ? null : _node.Registry.Peek(_resting.Single());
        }
    }

    /// <summary>Gives the memory of the sums back; the round is quiet and over.</summary>
    public void Release()
    {
        string[] keys;
        lock (_gate)
        {
            _isReleased = true;
            keys = [.. _resting];
            _resting.Clear();
        }

        foreach (string key in keys)
        {
            _node.Registry.Return(_node.Registry.Take(key));
        }
    }

    /// <summary>One worker's visit: a leaf while updates wait, then a middle while partials rest side by side.</summary>
    private void Turn()
    {
        AggregationFunction? function = null;
        List<AggregationFunction> spent = [];
        LeafInput[] batch = [];
        try
        {
            while (true)
            {
                AggregationFunction? other;
                int degree;
                lock (_gate)
                {
                    batch = Take_NeedsLock();
                    degree = Math.Max(1, Environment.ProcessorCount / _turns);
                    function ??= batch.Length > 0 || _resting.Count > 1 ? TakeResting_NeedsLock() : null;
                    other = batch.Length == 0 && function is not null ? TakeResting_NeedsLock() : null;
                    if (batch.Length == 0 && other is null)
                    {
                        End_NeedsLock(function, spent);
                        break;
                    }
                }

                function ??= _node.Registry.Rent(_sections);
                Enter(function, other is null ? TreeRole.Leaf : TreeRole.Middle);
                function.Degree = degree;
                if (other is null)
                {
                    Sum(function, batch);
                }
                else
                {
                    spent.Add(other);
                    Merge(function, other);
                }
            }
        }
        catch (Exception exception)
        {
            // The sums may be half-way, or there is no memory for them: nothing of the round is to be trusted any more.
            Fail(exception, function, batch);
        }

        spent.ForEach(_node.Registry.Return);
    }

    private void Enter(AggregationFunction function, TreeRole role)
    {
        lock (_gate)
        {
            function.Role = role;
            _running[function] = role == TreeRole.Leaf ? FunctionState.Summing : FunctionState.Merging;
        }
    }

    private void Fail(Exception exception, AggregationFunction? function, LeafInput[] batch)
    {
        _onFault(exception);
        LogFailed(_node.Logger, exception);

        // Everything is reported before the round may count as quiet.
        while (true)
        {
            Array.ForEach(batch, _onSummed.Invoke);
            lock (_gate)
            {
                batch = Take_NeedsLock();
                if (batch.Length == 0)
                {
                    End_NeedsLock(function, []);
                    return;
                }
            }
        }
    }

    private LeafInput[] Take_NeedsLock()
    {
        var batch = new LeafInput[Math.Min(_waiting.Count, MostAtOnce)];
        for (int i = 0; i < batch.Length; i++)
        {
            batch[i] = _waiting.Dequeue();
        }

        return batch;
    }

    private AggregationFunction? TakeResting_NeedsLock()
    {
        if (_resting.Count == 0)
        {
            return null;
        }

        string key = _resting[^1];
        _resting.RemoveAt(_resting.Count - 1);
        return _node.Registry.Take(key);
    }

    private void End_NeedsLock(AggregationFunction? function, List<AggregationFunction> spent)
    {
        _turns--;
        if (function is not null)
        {
            _running.Remove(function);
            if (_isReleased)
            {
                spent.Add(function);
            }
            else
            {
                _resting.Add(_node.Registry.Rest(function));
            }
        }

        if (_turns == 0)
        {
            _quiet?.TrySetResult();
            _quiet = null;
        }
    }

    private void Sum(AggregationFunction function, LeafInput[] batch)
    {
        if (!_isEnded())
        {
            long started = _node.Time.GetTimestamp();
            function.Accumulate([.. batch.Select(input => new RetainedUpdate(input.Payload.Memory, input.Update.Weight, input.Sections))]);
            _node.Metrics.Aggregated(TreeRole.Leaf, batch.Length, _node.Time.GetElapsedTime(started));
        }

        Array.ForEach(batch, _onSummed.Invoke);
    }

    private void Merge(AggregationFunction function, AggregationFunction other)
    {
        long started = _node.Time.GetTimestamp();
        long bytes = other.PartialBytes;
        function.MergeWith(other);
        _node.Metrics.Aggregated(TreeRole.Middle, 1, _node.Time.GetElapsedTime(started));
        _node.Metrics.HandedOver(bytes);
    }

    [LoggerMessage(1402, LogLevel.Critical, "Summing updates failed; the round cannot be closed", EventName = "SumFailed")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}
