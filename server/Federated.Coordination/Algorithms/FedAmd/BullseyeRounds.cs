namespace Federated.Coordination.Algorithms.FedAmd;

/// <summary>The rounds in which clients were anchors last.</summary>
internal sealed class BullseyeRounds
{
    private readonly SortedDictionary<uint, int> _rounds = [];

    public int Count => _rounds.Count;

    /// <summary>The clients, ascending.</summary>
    public IEnumerable<uint> Clients => _rounds.Keys;

    public bool Has(uint client) => _rounds.ContainsKey(client);

    public void Set(uint client, int round) => _rounds[client] = round;

    /// <summary>The client that was an anchor longest ago, before a round; null when there is none.</summary>
    public uint? OldestBefore(int round) => _rounds.Where(entry => entry.Value < round).OrderBy(entry => entry.Value).Select(entry => (uint?)entry.Key).FirstOrDefault();

    public void Remove(uint client) => _rounds.Remove(client);

    public void Clear() => _rounds.Clear();

    public void Save(AlgorithmState state)
    {
        state.Add<uint>("clients", [.. _rounds.Keys]);
        state.Add<int>("rounds", [.. _rounds.Values]);
    }

    /// <exception cref="InvalidDataException">The two lists are of different lengths.</exception>
    public void Load(AlgorithmState state)
    {
        uint[] clients = state.Read<uint>("clients");
        int[] rounds = new int[clients.Length];
        state.Read<int>("rounds", rounds);
        _rounds.Clear();
        for (int i = 0; i < clients.Length; i++)
        {
            _rounds[clients[i]] = rounds[i];
        }
    }
}
