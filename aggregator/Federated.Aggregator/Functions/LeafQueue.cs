namespace Federated.Aggregator.Functions;

/// <summary>
/// What waits for the leaf of one round. Whoever offers an update while nobody sums becomes the summer and takes what has gathered, batch
/// after batch: the sums are read once a batch, and a round has one set of sums however many workers there are.
/// </summary>
internal sealed class LeafQueue
{
    /// <summary>Updates that are summed in one pass; more gain little and hold their slots longer.</summary>
    public const int MostAtOnce = 8;

    private readonly Lock _gate = new();
    private readonly Queue<LeafInput> _waiting = new();
    private bool _isSumming;

    /// <returns>True when the caller has become the summer and must take batches until there is none.</returns>
    public bool Offer(LeafInput input)
    {
        lock (_gate)
        {
            _waiting.Enqueue(input);
            if (_isSumming)
            {
                return false;
            }

            _isSumming = true;
            return true;
        }
    }

    /// <summary>The next batch; empty when the caller's turn as the summer has ended.</summary>
    public LeafInput[] Take()
    {
        lock (_gate)
        {
            var batch = new LeafInput[Math.Min(_waiting.Count, MostAtOnce)];
            for (int i = 0; i < batch.Length; i++)
            {
                batch[i] = _waiting.Dequeue();
            }

            _isSumming = batch.Length > 0;
            return batch;
        }
    }
}
