using System.IO.Hashing;
using System.Text;
using Federated.Storage.Slots;

namespace Federated.Aggregator;

/// <summary>Derives the pool of a node from its options.</summary>
internal static class NodePool
{
    /// <summary>The pool's name follows from the node's folder, so that two nodes on a machine never share slots by accident.</summary>
    public static SlotPoolOptions OptionsFor(AggregatorNodeOptions options, string directory) => new()
    {
        SlotCount = options.SlotCount,
        SlotBytes = options.SlotBytes,
        Directory = options.PoolDirectory,
        PreTouch = options.PreTouchSlots,
        Name = $"federated-{options.NodeId}-{Convert.ToHexStringLower(XxHash3.Hash(Encoding.UTF8.GetBytes(directory)))}",
    };
}
