using System.Collections.Concurrent;
using Federated.Aggregator.Exchange;
using Federated.Aggregator.Rounds;
using Federated.Protocol.Tier;

namespace Federated.Aggregator.Tree;

/// <summary>One round in one tree at this node, from its opening to the next tree or the round's end.</summary>
internal sealed class MemberRound(RoundOpened opened, TreeNode self, ReopenedRound recovery, MergeBoard board, StoredReporter reporter) : IDisposable
{
    private readonly CancellationTokenSource _over = new();
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _quiet = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _readers;

    public RoundOpened Opened => opened;

    public TreeNode Self => self;

    /// <summary>What the node still had of the round and what it had lost.</summary>
    public ReopenedRound Recovery => recovery;

    public MergeBoard Board => board;

    /// <summary>Cancelled when the tree is over.</summary>
    public CancellationToken Over => _over.Token;

    /// <summary>The closing, once it has begun.</summary>
    public Task? Closing { get; set; }

    /// <summary>All that this node and those below it contribute; null before the closing is done.</summary>
    public TransferHandover? Result { get; set; }

    /// <summary>The node's part in the two passes of a rule; null under the mean.</summary>
    public NodeExchange? Exchange { get; init; }

    /// <summary>The updates of this node that the server wants one by one; null before the closing has them.</summary>
    public KeptHandover? Kept { get; set; }

    /// <summary>What the top decided: at the top for each node, once it has judged.</summary>
    public IReadOnlyDictionary<string, ExchangeHandover>? Verdicts { get; set; }

    /// <summary>What the nodes are told then.</summary>
    public CoefficientsReady? Judged { get; set; }

    /// <summary>The aggregate of a rule other than the mean, at the top.</summary>
    public ClosedRound? Closed { get; set; }

    /// <summary>Nodes that could not be told something yet.</summary>
    public ConcurrentDictionary<string, bool> Unreached { get; } = new(StringComparer.Ordinal);

    /// <summary>A hint that the top has judged.</summary>
    public SemaphoreSlim Hint { get; } = new(0);

    /// <summary>What was said when the closing was done; said again when the coordinator asks again.</summary>
    public ITierEvent? Answer { get; set; }

    /// <summary>-1, 0 or 1: this tree is older than, the same as, or newer than one of that writer and revision.</summary>
    public int CompareTo(ulong writerEpoch, int revision) =>
        (opened.Plan.WriterEpoch, opened.Tree.Revision).CompareTo((writerEpoch, revision));

    /// <summary>What the node waits for to go on with the two passes; null under the mean.</summary>
    public ClosingDelayed? Delay()
    {
        if (Exchange is not { } exchange)
        {
            return null;
        }

        string[] waits = [.. Unreached.Keys.Union(exchange.Shares.Missing, StringComparer.Ordinal)];
        waits = waits.Length > 0 ? waits : [.. exchange.Findings.Missing.Union(exchange.Parts.Missing, StringComparer.Ordinal)];
        return new ClosingDelayed(opened.Plan.Key, opened.Plan.WriterEpoch, opened.Tree.Revision, self.NodeId, [.. waits.Order(StringComparer.Ordinal)]);
    }

    /// <summary>The tree is over: what runs for it stops.</summary>
    public void End()
    {
        _over.Cancel();
        lock (_gate)
        {
            if (_readers == 0)
            {
                _quiet.TrySetResult();
            }
        }
    }

    /// <summary>Keeps the payloads of the round in place until <see cref="EndReading"/>; false when the tree is over.</summary>
    public bool TryBeginReading()
    {
        lock (_gate)
        {
            if (_over.IsCancellationRequested)
            {
                return false;
            }

            _readers++;
            return true;
        }
    }

    public void EndReading()
    {
        lock (_gate)
        {
            _readers--;
            if (_readers == 0 && _over.IsCancellationRequested)
            {
                _quiet.TrySetResult();
            }
        }
    }

    /// <summary>After <see cref="End"/>: nobody reads payloads any more.</summary>
    public Task QuietAsync() => _quiet.Task;

    public void Dispose()
    {
        reporter.Dispose();
        _over.Dispose();
        Hint.Dispose();
        board.Release();
    }
}
