using Federated.Coordination.Algorithms;

namespace Federated.Coordination.Compression;

/// <summary>
/// The clients whose estimates h are in the server's mean, with the round that left each of them and the weight that it keeps. Σ w h is kept instead of the
/// mean: a client that joins with h = 0 needs no correction.
/// </summary>
internal sealed class EstimateMembers
{
    private readonly Dictionary<uint, (uint Round, double Weight)> _members = [];

    /// <summary>Σ w.</summary>
    public double TotalWeight { get; private set; }

    public int Count => _members.Count;

    /// <summary>The round whose counted update a client's state must be of; 0 when it has to begin.</summary>
    public uint RoundOf(uint client) => _members.TryGetValue(client, out (uint Round, double Weight) member) ? member.Round : 0;

    /// <summary>The weight that a client keeps; 0 when it has none yet.</summary>
    public double WeightOf(uint client) => _members.TryGetValue(client, out (uint Round, double Weight) member) ? member.Weight : 0;

    /// <summary>An update of the client was counted; false when it changed its weight, so that Σ w h does not hold any more.</summary>
    public bool Counted(uint client, uint round, double weight)
    {
        bool isKnown = _members.TryGetValue(client, out (uint Round, double Weight) member);
        _members[client] = (round, weight);
        TotalWeight += weight - (isKnown ? member.Weight : 0);
        return !isKnown || member.Weight.Equals(weight);
    }

    /// <summary>Takes a client out: it begins anew.</summary>
    public void Forget(uint client)
    {
        if (_members.Remove(client, out (uint Round, double Weight) member))
        {
            TotalWeight -= member.Weight;
        }
    }

    /// <summary>The clients that have been away longest, beyond a number of them; of equals those of higher index.</summary>
    /// <param name="capacity">Clients that may stay.</param>
    public uint[] Beyond(int capacity) =>
        [.. _members.OrderByDescending(member => member.Value.Round).ThenBy(member => member.Key).Skip(capacity).Select(member => member.Key)];

    /// <summary>The clients.</summary>
    public IEnumerable<uint> Clients => _members.Keys;

    public void Clear()
    {
        _members.Clear();
        TotalWeight = 0;
    }

    public void Save(AlgorithmState state)
    {
        uint[] clients = [.. _members.Keys.Order()];
        state.Add<uint>("clients", clients);
        state.Add<uint>("client rounds", [.. clients.Select(client => _members[client].Round)]);
        state.Add<double>("client weights", [.. clients.Select(client => _members[client].Weight)]);
    }

    public void Load(AlgorithmState state)
    {
        Clear();
        uint[] clients = state.Read<uint>("clients");
        uint[] rounds = state.Read<uint>("client rounds");
        double[] weights = state.Read<double>("client weights");
        if (rounds.Length != clients.Length || weights.Length != clients.Length)
        {
            throw new InvalidDataException($"The state has {clients.Length} clients, {rounds.Length} rounds and {weights.Length} weights of them.");
        }

        for (int i = 0; i < clients.Length; i++)
        {
            Counted(clients[i], rounds[i], weights[i]);
        }
    }
}
