namespace Federated.Simulation.Engine;

/// <summary>What clients keep from round to round: the state of their algorithm, and behind it what their encoder remembers. New states count when their round has made a model.</summary>
internal sealed class ClientStates
{
    private readonly Dictionary<uint, float[]> _states = [];
    private readonly Dictionary<uint, float[]> _pending = [];

    /// <summary>A client's state; empty when it has none.</summary>
    public float[] Of(uint client) => _states.GetValueOrDefault(client) ?? [];

    /// <summary>A round begins; states of the one before that were not kept are forgotten.</summary>
    public void Begin() => _pending.Clear();

    /// <summary>The state that a client has if its round makes a model.</summary>
    public void Add(uint client, float[] next) => _pending[client] = next;

    /// <summary>The round has made a model.</summary>
    public void Keep()
    {
        foreach ((uint client, float[] next) in _pending)
        {
            _states[client] = next;
        }
    }

    /// <summary>As in the live system, an abandoned round makes void what clients have saved.</summary>
    public void Void() => _states.Clear();
}
