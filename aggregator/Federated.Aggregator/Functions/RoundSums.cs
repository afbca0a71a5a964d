using System.Collections.Immutable;
using Federated.Aggregation.Accumulators;
using Federated.Protocol.Tier;
using Federated.Protocol.V1;
using Microsoft.Extensions.Logging;

namespace Federated.Aggregator.Functions;

/// <summary>
/// The leaves of one round inside a node. Updates wait in one queue and go in batches into one function. The leaves share its sums: of each batch every leaf
/// takes the next piece of the parameter range until none is left, so that several leaves cost no sums of their own and no merge. One leaf more comes
/// when more updates wait than the running ones are there for. Whoever does the last piece of a batch begins the next one; when nothing waits, the
/// function rests under its key.
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
    private string? _resting;
    private AggregationFunction? _running;
    private LeafBatch? _batch;
    private TaskCompletionSource? _quiet;
    private int _mostLeaves;
    private int _updatesPerLeaf;
    private int _leaves;
    private bool _isLed;
    private bool _isSpoiled;
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
            AggregationFunction? function = _running ?? (_resting is null ? null : _node.Registry.Peek(_resting));
            return function is null
                ? []
                : [new FunctionView(
                    function.Key, function.Role, _running is null ? FunctionState.Resting : FunctionState.Summing, function.Summed, function.Merged, _leaves)];
        }
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
        bool isFirst;
        lock (_gate)
        {
            _waiting.Enqueue(input);
            if (_leaves >= Wanted_NeedsLock(_waiting.Count))
            {
                return;
            }

            isFirst = _leaves == 0;
            _leaves++;
        }

        if (isFirst)
        {
            _node.Workers.Run(Turn);
        }
        else
        {
            StartLeaf();
        }
    }

    /// <summary>Ends when nothing waits and no worker is at it. Whoever awaits it offers nothing meanwhile.</summary>
    public Task QuietAsync()
    {
        lock (_gate)
        {
            if (_leaves == 0)
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
            return _resting is null ? null : _node.Registry.Peek(_resting);
        }
    }

    /// <summary>Gives the memory of the sums and of their report back; the round is quiet and over, and its aggregate used up.</summary>
    public void Release()
    {
        string? key;
        lock (_gate)
        {
            _isReleased = true;
            key = _resting;
            _resting = null;
        }

        if (key is not null)
        {
            AggregationFunction function = _node.Registry.Take(key);
            function.TakeReportBack();
            _node.Registry.Return(function);
        }
    }

    /// <summary>One worker's visit: it joins the batch that is being summed, or leads the next one, until there is nothing to do.</summary>
    private void Turn()
    {
        while (Next() is { } batch)
        {
            if (batch.Pass.Work(batch.Degree))
            {
                Finish(batch);
            }
        }
    }

    /// <summary>The batch to work on; null when this worker's visit is over.</summary>
    private LeafBatch? Next()
    {
        while (true)
        {
            LeafInput[] inputs;
            lock (_gate)
            {
                if (_batch is { Pass.HasMore: true })
                {
                    return _batch;
                }

                // While others do the last pieces of a batch, or prepare one, there is nothing to do here: they call for leaves again.
                inputs = _isLed ? [] : Take_NeedsLock();
                if (inputs.Length == 0)
                {
                    Leave_NeedsLock();
                    return null;
                }

                _isLed = true;
            }

            if (Lead(inputs) is { } batch)
            {
                return batch;
            }
        }
    }

    /// <summary>Begins a batch and calls the leaves that it is worth.</summary>
    /// <returns>Null when the updates are not to be summed; then they are reported.</returns>
    private LeafBatch? Lead(LeafInput[] inputs)
    {
        try
        {
            if (!_isSpoiled && !_isEnded())
            {
                return Begin(inputs);
            }
        }
        catch (Exception exception)
        {
            // There is no memory for the sums, or an update does not fit into them: nothing of the round is to be trusted any more.
            Spoil(exception);
        }

        End(inputs);
        return null;
    }

    private LeafBatch Begin(LeafInput[] inputs)
    {
        AggregationFunction function = Function();
        function.Role = TreeRole.Leaf;
        UpdatePass pass = function.BeginPass([.. inputs.Select(input => new RetainedUpdate(input.Payload.Memory, input.Update.Weight, input.Sections))]);
        int called;
        LeafBatch batch;
        lock (_gate)
        {
            int wanted = Math.Min(Wanted_NeedsLock(inputs.Length + _waiting.Count), pass.Pieces);
            batch = new LeafBatch(inputs, pass, Math.Max(1, Environment.ProcessorCount / Math.Max(wanted, _leaves)), _node.Time.GetTimestamp());
            called = Math.Max(0, wanted - _leaves);
            _leaves += called;
            _batch = batch;
        }

        for (int i = 0; i < called; i++)
        {
            StartLeaf();
        }

        return batch;
    }

    /// <summary>Calls a further leaf, which is counted already. Without an idle worker it does not come: those who are at it do its share.</summary>
    private void StartLeaf()
    {
        if (_node.Workers.TryRun(Turn))
        {
            return;
        }

        lock (_gate)
        {
            if (_leaves > 1 || _waiting.Count == 0)
            {
                Leave_NeedsLock();
                return;
            }
        }

        // The others have gone meanwhile, and what came since then relies on this leaf.
        _node.Workers.Run(Turn);
    }

    /// <summary>The sums of the round; only who leads calls it.</summary>
    private AggregationFunction Function()
    {
        lock (_gate)
        {
            if (_resting is not null)
            {
                _running = _node.Registry.Take(_resting);
                _resting = null;
            }

            if (_running is not null)
            {
                return _running;
            }
        }

        AggregationFunction function = _node.Registry.Rent(_sections);
        lock (_gate)
        {
            return _running = function;
        }
    }

    private void Finish(LeafBatch batch)
    {
        try
        {
            batch.Pass.End();
            _node.Metrics.Aggregated(TreeRole.Leaf, batch.Inputs.Length, _node.Time.GetElapsedTime(batch.Started));
        }
        catch (Exception exception)
        {
            Spoil(exception);
        }

        End(batch.Inputs);
    }

    /// <summary>Reports updates, summed or dropped; the next batch may begin.</summary>
    private void End(LeafInput[] inputs)
    {
        Array.ForEach(inputs, _onSummed.Invoke);
        lock (_gate)
        {
            _batch = null;
            _isLed = false;
        }
    }

    private void Spoil(Exception exception)
    {
        _isSpoiled = true;
        _onFault(exception);
        LogFailed(_node.Logger, exception);
    }

    private int Wanted_NeedsLock(int updates) =>
        Math.Max(1, Math.Min(Math.Min(_mostLeaves, _node.LeavesPerRound), (updates + _updatesPerLeaf - 1) / _updatesPerLeaf));

    private LeafInput[] Take_NeedsLock()
    {
        var batch = new LeafInput[Math.Min(_waiting.Count, MostAtOnce)];
        for (int i = 0; i < batch.Length; i++)
        {
            batch[i] = _waiting.Dequeue();
        }

        return batch;
    }

    private void Leave_NeedsLock()
    {
        _leaves--;
        if (_leaves > 0)
        {
            return;
        }

        if (_running is { } function)
        {
            _running = null;
            if (_isReleased)
            {
                _node.Registry.Return(function);
            }
            else
            {
                _resting = _node.Registry.Rest(function);
            }
        }

        _quiet?.TrySetResult();
        _quiet = null;
    }

    [LoggerMessage(1402, LogLevel.Critical, "Summing updates failed; the round cannot be closed", EventName = "SumFailed")]
    private static partial void LogFailed(ILogger logger, Exception exception);
}
