using System.Globalization;
using Federated.Coordination.Compression;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;

namespace Federated.Simulation.Engine;

/// <summary>The compressed down-link of a simulated job: what clients hold, and the bytes that each would download.</summary>
internal sealed class VirtualDownLink
{
    private const string Start = "0";

    private readonly Broadcast _broadcast;
    private readonly Dictionary<uint, string> _holders = [];
    private BroadcastChain _chain;

    private VirtualDownLink(Broadcast broadcast, long modelBytes)
    {
        _broadcast = broadcast;
        _chain = new BroadcastChain(Start, modelBytes);
    }

    /// <summary>What the clients of the next round start from.</summary>
    public ModelContent Held => _broadcast.Held;

    /// <summary>Null when models are sent as they are.</summary>
    public static VirtualDownLink? Of(JobDefinition job, ModelContent model) =>
        Broadcast.Of(job, model) is { } broadcast ? new VirtualDownLink(broadcast, ModelFile.SizeOf(model.Schema)) : null;

    /// <summary>Bytes that a client of the open round downloads for the model.</summary>
    public long BytesFor(uint client) => _chain.BytesFrom(_holders.GetValueOrDefault(client));

    /// <summary>A client has done its task, so it holds the model of the open round.</summary>
    public void Holds(uint client) => _holders[client] = _chain.BlobId;

    /// <summary>A round made the next model.</summary>
    public void Follow(ModelContent model, int round)
    {
        byte[] step = _broadcast.Follow(model, (uint)round);
        string name = round.ToString(CultureInfo.InvariantCulture);
        _chain = _chain.Then(name, _chain.ByteLength, name, step.Length);
    }
}
