namespace Federated.Protocol.Tier;

/// <summary>Node to coordinator: the process ends in order. One that was killed is noticed by its silence.</summary>
/// <param name="NodeId">The node.</param>
/// <param name="Incarnation">The process of the node.</param>
/// <param name="Reason">One sentence.</param>
public sealed record NodeLeft(string NodeId, string Incarnation, string Reason) : ITierEvent
{
    /// <inheritdoc/>
    public string IdempotencyKey => $"{NodeId}/{Incarnation}";
}
