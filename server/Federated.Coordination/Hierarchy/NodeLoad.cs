namespace Federated.Coordination.Hierarchy;

/// <summary>What the planner knows of a node.</summary>
/// <param name="NodeId">The node; orders nodes that are otherwise equal.</param>
/// <param name="Capacity">MC: updates in service at once before the time per update rises.</param>
/// <param name="ArrivalRate">k: updates a second that already arrive, from all jobs.</param>
/// <param name="SecondsPerUpdate">E: mean time from arrival to summed.</param>
public sealed record NodeLoad(string NodeId, double Capacity, double ArrivalRate, double SecondsPerUpdate)
{
    /// <summary>
    /// RC = MC − k · E: updates that can still be taken into service. By Little's law k · E updates are in service already.
    /// </summary>
    public double ResidualCapacity => Capacity - (ArrivalRate * SecondsPerUpdate);
}
