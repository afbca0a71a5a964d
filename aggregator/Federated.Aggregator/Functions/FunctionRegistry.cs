using System.Collections.Immutable;
using Federated.Protocol.V1;

namespace Federated.Aggregator.Functions;

/// <summary>
/// The partials of a node by key. A partial is handed from function to function by its key: its sums, twice as many bytes as an update,
/// are written once and copied never. Emptied functions are kept for the next use, so that a round does not pay for fresh memory.
/// </summary>
internal sealed class FunctionRegistry(int mostSpare)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, AggregationFunction> _resting = new(StringComparer.Ordinal);
    private readonly List<AggregationFunction> _spare = [];
    private long _lastKey;

    /// <summary>Functions whose sums rest under a key.</summary>
    public int Resting
    {
        get
        {
            lock (_gate)
            {
                return _resting.Count;
            }
        }
    }

    /// <summary>Emptied functions that wait for their next use.</summary>
    public int Spare
    {
        get
        {
            lock (_gate)
            {
                return _spare.Count;
            }
        }
    }

    /// <summary>An empty function of these sections; the caller owns it.</summary>
    public AggregationFunction Rent(ImmutableArray<SectionSpec> sections)
    {
        string key = $"p{Interlocked.Increment(ref _lastKey)}";
        lock (_gate)
        {
            int index = _spare.FindLastIndex(function => function.Fits(sections));
            if (index >= 0)
            {
                AggregationFunction spare = _spare[index];
                _spare.RemoveAt(index);
                spare.Begin(key, sections);
                return spare;
            }
        }

        return new AggregationFunction(key, sections);
    }

    /// <summary>Puts a function with its sums down.</summary>
    /// <returns>The key under which one caller may take it.</returns>
    public string Rest(AggregationFunction function)
    {
        lock (_gate)
        {
            _resting.Add(function.Key, function);
        }

        return function.Key;
    }

    /// <summary>Takes a partial; the caller owns it.</summary>
    public AggregationFunction Take(string key)
    {
        lock (_gate)
        {
            return _resting.Remove(key, out AggregationFunction? function)
                ? function
                : throw new InvalidOperationException($"No partial rests under the key {key}.");
        }
    }

    /// <summary>Looks at a partial that rests; whoever does so knows that nobody takes it meanwhile.</summary>
    public AggregationFunction Peek(string key)
    {
        lock (_gate)
        {
            return _resting[key];
        }
    }

    /// <summary>Gives a function back whose sums are not needed any more.</summary>
    public void Return(AggregationFunction function)
    {
        function.Clear();
        lock (_gate)
        {
            if (_spare.Count >= mostSpare)
            {
                // The oldest: a node changes the shape of its models seldom, and then for good.
                _spare.RemoveAt(0);
            }

            _spare.Add(function);
        }
    }

    /// <summary>Lets the memory of emptied functions go.</summary>
    public void DropSpare()
    {
        lock (_gate)
        {
            _spare.Clear();
        }
    }
}
