namespace Federated.Coordination.Selection;

/// <summary>The last observation of each client that was ever counted.</summary>
internal sealed class ClientRecords
{
    private readonly Dictionary<uint, Participation> _last = [];
    private double _examples;

    public void Add(in Participation participation)
    {
        if (_last.TryGetValue(participation.ClientIndex, out Participation former))
        {
            _examples -= former.Examples;
        }

        _examples += participation.Examples;
        _last[participation.ClientIndex] = participation;
    }

    public bool TryGet(uint client, out Participation participation) => _last.TryGetValue(client, out participation);

    /// <summary>The client's examples, or the mean of those known.</summary>
    public double ExamplesOf(uint client) =>
        _last.TryGetValue(client, out Participation known) && known.Examples > 0 ? known.Examples : _examples > 0 ? _examples / _last.Count : 1;
}
