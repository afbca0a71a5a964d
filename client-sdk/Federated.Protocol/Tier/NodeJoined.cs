namespace Federated.Protocol.Tier;

/// <summary>Node to coordinator: a process of the node has started and can take rounds.</summary>
/// <param name="NodeId">The node.</param>
/// <param name="Incarnation">Random id of this process: what another process of the same node held in memory is gone.</param>
/// <param name="Gateway">Address where devices upload.</param>
/// <param name="Transfer">Address where nodes and the server exchange partials.</param>
/// <param name="Capacity">MC: updates in service at once before the time per update rises.</param>
/// <param name="Slots">Slots of its pool.</param>
/// <param name="SlotBytes">Payload bytes of one slot.</param>
public sealed record NodeJoined(
    string NodeId, string Incarnation, string Gateway, string Transfer, double Capacity, int Slots, long SlotBytes) : ITierEvent
{
    /// <summary>Time between two signs of life while the node has no round; zero when it does not say.</summary>
    public TimeSpan IdleInterval { get; init; }

    /// <inheritdoc/>
    public string IdempotencyKey => $"{NodeId}/{Incarnation}";
}
