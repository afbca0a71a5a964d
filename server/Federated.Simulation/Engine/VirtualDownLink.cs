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

    private VirtualDownLink(Broadcast broadcast, long modelBytes)
    {
        _broadcast = broadcast;
        Holders = new BroadcastHolders(new BroadcastChain(Start, modelBytes));
    }

    /// <summary>What the clients of the next round start from.</summary>
    public ModelContent Held => _broadcast.Held;

    /// <summary>‖x − w‖ after the last step.</summary>
    public double Owed => _broadcast.Owed;

    /// <summary>Null when models are sent as they are.</summary>
    public static VirtualDownLink? Of(JobDefinition job, ModelContent model) =>
        Broadcast.Of(job, model) is { } broadcast ? new VirtualDownLink(broadcast, ModelFile.SizeOf(model.Schema)) : null;

    /// <summary>Who holds which model.</summary>
    public BroadcastHolders Holders { get; }

    /// <summary>Bytes of a whole model.</summary>
    public long ModelBytes => Holders.Chain.ByteLength;

    /// <summary>A round made the next model.</summary>
    public void Follow(ModelContent model, int round)
    {
        byte[] step = _broadcast.Follow(model, (uint)round);
        string name = round.ToString(CultureInfo.InvariantCulture);
        Holders.Chain = Holders.Chain.Then(name, ModelBytes, name, step.Length);
    }
}
