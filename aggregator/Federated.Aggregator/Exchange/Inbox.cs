using Federated.Aggregator.Tree;

namespace Federated.Aggregator.Exchange;

/// <summary>Messages of one kind that a node waits for, each sender's once.</summary>
internal sealed class Inbox
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, ExchangeMessage?> _messages;
    private readonly HashSet<string> _running = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Inbox(IEnumerable<string> senders)
    {
        _messages = senders.ToDictionary(sender => sender, _ => (ExchangeMessage?)null, StringComparer.Ordinal);
        CompleteIfAll_NeedsLock();
    }

    /// <summary>Senders that have not been heard yet.</summary>
    public IReadOnlyList<string> Missing
    {
        get
        {
            lock (_gate)
            {
                return [.. _messages.Where(pair => pair.Value is null).Select(pair => pair.Key)];
            }
        }
    }

    public ChildClaim Claim(string sender)
    {
        lock (_gate)
        {
            return !_messages.TryGetValue(sender, out ExchangeMessage? message) ? ChildClaim.Unexpected
                : message is not null ? ChildClaim.Merged
                : _running.Add(sender) ? ChildClaim.Expected
                : ChildClaim.InProgress;
        }
    }

    public void Unclaim(string sender)
    {
        lock (_gate)
        {
            _running.Remove(sender);
        }
    }

    /// <summary>Takes what a sender has told; the claim ends.</summary>
    public void Take(ExchangeMessage message)
    {
        lock (_gate)
        {
            _running.Remove(message.From);
            _messages[message.From] = message;
            CompleteIfAll_NeedsLock();
        }
    }

    /// <summary>Ends when every sender was heard.</summary>
    public Task AllAsync(CancellationToken cancellationToken) => _all.Task.WaitAsync(cancellationToken);

    /// <summary>What was told, by sender; all of it is there.</summary>
    public IReadOnlyDictionary<string, ExchangeMessage> All()
    {
        lock (_gate)
        {
            return _messages.ToDictionary(pair => pair.Key, pair => pair.Value ?? throw new InvalidOperationException($"Node {pair.Key} has not been heard."), StringComparer.Ordinal);
        }
    }

    private void CompleteIfAll_NeedsLock()
    {
        if (_messages.Values.All(message => message is not null))
        {
            _all.TrySetResult();
        }
    }
}
