namespace Federated.Coordination.Anarchic;

/// <summary>The updates that wait for the next version, in order of arrival, and the vectors that they are copied to.</summary>
internal sealed class ArrivalBuffer
{
    private readonly List<Arrival> _arrivals = [];
    private readonly Stack<float[]> _spare = new();
    private readonly Stack<float[]> _spareStatistics = new();
    private readonly List<string> _discarded = [];

    public IReadOnlyList<Arrival> Arrivals => _arrivals;

    public int Count => _arrivals.Count;

    /// <summary>Ids that were taken out since <see cref="TakeDiscarded"/> was called last.</summary>
    public IReadOnlyList<string> Discarded => _discarded;

    /// <summary>A vector to fill; comes back with the arrival that it is given to.</summary>
    public float[] Rent(int length) => _spare.TryPop(out float[]? vector) ? vector : GC.AllocateUninitializedArray<float>(length);

    public float[] RentStatistics(int length) =>
        length == 0 ? [] : _spareStatistics.TryPop(out float[]? vector) ? vector : GC.AllocateUninitializedArray<float>(length);

    public void Return(float[] vector) => _spare.Push(vector);

    public void Add(Arrival arrival) => _arrivals.Add(arrival);

    public Arrival? Find(uint clientIndex) => _arrivals.Find(arrival => arrival.ClientIndex == clientIndex);

    /// <summary>Takes an arrival out; its id is told with the next version.</summary>
    public void Discard(Arrival arrival)
    {
        _arrivals.Remove(arrival);
        _discarded.Add(arrival.Id);
        Recycle(arrival);
    }

    /// <summary>Ids that were taken out since the last call.</summary>
    public string[] TakeDiscarded()
    {
        string[] discarded = [.. _discarded];
        _discarded.Clear();
        return discarded;
    }

    /// <summary>Forgets every arrival; their vectors are used again.</summary>
    public void Clear()
    {
        foreach (Arrival arrival in _arrivals)
        {
            Recycle(arrival);
        }

        _arrivals.Clear();
    }

    /// <summary>Vectors of another length are wanted from now on.</summary>
    public void DropSpare() => _spare.Clear();

    private void Recycle(Arrival arrival)
    {
        _spare.Push(arrival.Vector);
        if (arrival.Statistics.Length > 0)
        {
            _spareStatistics.Push(arrival.Statistics);
        }
    }
}
