using Federated.Numerics;

namespace Federated.Client.Training;

/// <summary>
/// Deals a client's examples into batches: every pass is a permutation of its own, drawn from the counter-based generator by (seed, client, round, pass).
/// </summary>
public sealed class BatchSchedule
{
    private int[] _order = [];
    private TrainingKey _key;
    private int _examples;
    private int _batchSize;
    private int _position;
    private uint _pass;

    /// <summary>Starts the batches of a client. The memory of earlier clients is used again.</summary>
    /// <param name="key">The client and round.</param>
    /// <param name="examples">The client's examples, at least 1.</param>
    /// <param name="batchSize">Examples a batch; 0 means all.</param>
    public void Start(TrainingKey key, int examples, int batchSize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(examples, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(batchSize);
        if (_order.Length < examples)
        {
            _order = new int[examples];
        }

        _key = key;
        _examples = examples;
        _batchSize = batchSize == 0 ? examples : Math.Min(batchSize, examples);
        _position = examples;
        _pass = 0;
    }

    /// <summary>The next batch: indices below the number of examples, valid until the next call. The last batch of a pass may be smaller.</summary>
    public ReadOnlySpan<int> Next()
    {
        if (_position >= _examples)
        {
            Shuffle();
            _position = 0;
        }

        int start = _position;
        int length = Math.Min(_batchSize, _examples - start);
        _position += length;
        return _order.AsSpan(start, length);
    }

    private void Shuffle()
    {
        Span<int> order = _order.AsSpan(0, _examples);
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        // A batch of all examples needs no order: sums of floats then do not depend on the pass.
        if (_batchSize < _examples)
        {
            CounterRandom random = _key.Random(RandomPurpose.Batches, _pass);
            random.Shuffle(order);
        }

        _pass++;
    }
}
