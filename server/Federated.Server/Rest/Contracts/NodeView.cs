using Federated.Server.Tier;

namespace Federated.Server.Rest.Contracts;

/// <summary>A node of the distributed tier as the server knows it.</summary>
internal sealed record NodeView(
    string NodeId, string Gateway, string Transfer, int Slots, long SlotBytes, double Capacity, double? Queue, double ArrivalRate,
    double SecondsPerUpdate, double SecondsSinceHeard)
{
    public static NodeView Of(KnownNode node, TimeSpan silence)
    {
        return new NodeView(
            node.Info.NodeId, node.Info.Gateway, node.Info.Transfer, node.Info.Slots, node.Info.SlotBytes, node.Load.Capacity, node.Queue.Value,
            node.Load.ArrivalRate, node.Load.SecondsPerUpdate, silence.TotalSeconds);
    }
}
