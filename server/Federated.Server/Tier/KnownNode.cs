using Federated.Coordination.Hierarchy;
using Federated.Protocol.Tier;

namespace Federated.Server.Tier;

/// <summary>A node as its events describe it.</summary>
/// <param name="Info">What its process said when it joined.</param>
/// <param name="SeenAt">Time stamp of its latest event.</param>
/// <param name="Sequence">Number of its latest sign of life.</param>
/// <param name="Queue">Updates that wait there, smoothed.</param>
/// <param name="Load">Capacity and load.</param>
internal sealed record KnownNode(NodeJoined Info, long SeenAt, long Sequence, QueueEstimate Queue, NodeLoad Load)
{
    /// <summary>Time stamp at which a round went on without the node although it lived, because others could not reach it; null for never.</summary>
    public long? GivenUpAt { get; init; }
}
