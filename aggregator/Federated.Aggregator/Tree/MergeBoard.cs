using Federated.Aggregator.Functions;
using Federated.Aggregator.Rounds;
using Federated.Protocol.Rounds;
using Federated.Protocol.Tier;

namespace Federated.Aggregator.Tree;

/// <summary>
/// What the children of a node hand over in one tree of a round: each child once, merged as it comes into sums that are kept apart from the
/// node's own. So a tree that takes the place of this one, after a node was lost, begins again from partials that every node still has.
/// </summary>
internal sealed class MergeBoard
{
    private readonly NodeFunctions _functions;
    private readonly TreeRole _role;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, string?> _children;
    private readonly HashSet<string> _running = new(StringComparer.Ordinal);
    private readonly Dictionary<string, UpdateCommitted> _included = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private AggregationFunction? _sums;
    private bool _isReleased;

    /// <param name="functions">Workers and partials of the node.</param>
    /// <param name="role">What the node is in the tree.</param>
    /// <param name="children">The nodes that hand over.</param>
    public MergeBoard(NodeFunctions functions, TreeRole role, IEnumerable<string> children)
    {
        _functions = functions;
        _role = role;
        _children = children.ToDictionary(child => child, _ => (string?)null, StringComparer.Ordinal);
        CompleteIfAll_NeedsLock();
    }

    /// <summary>Children that have not handed over yet.</summary>
    public IReadOnlyList<string> Missing
    {
        get
        {
            lock (_gate)
            {
                return [.. _children.Where(child => child.Value is null).Select(child => child.Key)];
            }
        }
    }

    public ChildClaim Claim(string child, string partialId)
    {
        lock (_gate)
        {
            if (!_children.TryGetValue(child, out string? merged))
            {
                return ChildClaim.Unexpected;
            }

            if (merged is not null)
            {
                return merged == partialId ? ChildClaim.Merged : ChildClaim.Unexpected;
            }

            return _running.Add(child) ? ChildClaim.Expected : ChildClaim.InProgress;
        }
    }

    public void Unclaim(string child)
    {
        lock (_gate)
        {
            _running.Remove(child);
        }
    }

    /// <summary>Merges what a child has handed over, on a worker; the claim ends.</summary>
    /// <param name="child">The child, claimed by the caller.</param>
    /// <param name="partialId">Its partial.</param>
    /// <param name="updates">The updates in it.</param>
    /// <param name="function">The sums, the board's from now on; null when there is no update.</param>
    /// <returns>Why it was not merged; null when it was.</returns>
    public Task<string?> MergeAsync(string child, string partialId, IReadOnlyList<UpdateCommitted> updates, AggregationFunction? function)
    {
        var done = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        _functions.Workers.Run(() =>
        {
            try
            {
                done.SetResult(Merge(child, partialId, updates, function));
            }
            catch (Exception exception)
            {
                done.SetException(exception);
            }
        });
        return done.Task;
    }

    /// <summary>Ends when every child has handed over.</summary>
    public Task AllMergedAsync(CancellationToken cancellationToken) => _all.Task.WaitAsync(cancellationToken);

    /// <summary>Adds the node's own partial, which stays as it is. Called once, after all have merged.</summary>
    public NodePartial Combine(NodePartial own)
    {
        lock (_gate)
        {
            UpdateCommitted? twice = own.Included.FirstOrDefault(update => _included.ContainsKey(update.AssignmentId));
            if (twice is not null)
            {
                throw new InvalidOperationException($"Update {twice.AssignmentId} is at this node and at node {_included[twice.AssignmentId].NodeId}.");
            }

            if (_sums is null)
            {
                return own;
            }

            if (own.Function is not null)
            {
                long started = _functions.Time.GetTimestamp();
                _sums.Add(own.Function);
                _functions.Metrics.Aggregated(_role, 1, _functions.Time.GetElapsedTime(started));
                _functions.Metrics.HandedOver(own.Function.PartialBytes);
            }

            return new NodePartial([.. own.Included, .. _included.Values], _sums);
        }
    }

    /// <summary>Gives the memory of the merged sums back; the tree is over.</summary>
    public void Release()
    {
        AggregationFunction? sums;
        lock (_gate)
        {
            _isReleased = true;
            sums = _sums;
            _sums = null;
        }

        if (sums is not null)
        {
            _functions.Registry.Return(sums);
        }
    }

    private string? Merge(string child, string partialId, IReadOnlyList<UpdateCommitted> updates, AggregationFunction? function)
    {
        AggregationFunction? spent = function;
        string? fault = null;
        lock (_gate)
        {
            _running.Remove(child);
            UpdateCommitted? twice = updates.FirstOrDefault(update => _included.ContainsKey(update.AssignmentId));
            if (_isReleased)
            {
                fault = "The tree has ended.";
            }
            else if (twice is not null)
            {
                fault = $"Update {twice.AssignmentId} came from node {_included[twice.AssignmentId].NodeId} already.";
            }
            else
            {
                spent = MergeSums_NeedsLock(function);
                foreach (UpdateCommitted update in updates)
                {
                    _included.Add(update.AssignmentId, update);
                }

                _children[child] = partialId;
                CompleteIfAll_NeedsLock();
            }
        }

        if (spent is not null)
        {
            _functions.Registry.Return(spent);
        }

        return fault;
    }

    /// <returns>The function whose memory is not needed any more.</returns>
    private AggregationFunction? MergeSums_NeedsLock(AggregationFunction? function)
    {
        if (function is null || _sums is null)
        {
            // The first partial becomes the sums: nothing is copied.
            _sums ??= function;
            return null;
        }

        long started = _functions.Time.GetTimestamp();
        _sums.Role = _role;
        _sums.MergeWith(function);
        _functions.Metrics.Aggregated(_role, 1, _functions.Time.GetElapsedTime(started));
        return function;
    }

    private void CompleteIfAll_NeedsLock()
    {
        if (_children.Values.All(merged => merged is not null))
        {
            _all.TrySetResult();
        }
    }
}
