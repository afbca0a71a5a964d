using System.Buffers;
using Federated.Protocol.V1;

namespace Federated.Client.Transfer;

/// <summary>An update whose fate is open: its bytes, and the client state to keep if it counts. Owns the rented payload.</summary>
internal sealed class PendingUpdate(UpdateTicket ticket, UpdateHeader header, byte[] rented, int payloadLength, float[] nextState) : IDisposable
{
    private byte[]? _rented = rented;

    public string AssignmentId => Ticket.AssignmentId;

    /// <summary>The content of the header's ticket.</summary>
    public UpdateTicket Ticket { get; } = ticket;

    public UpdateHeader Header { get; } = header;

    public ReadOnlyMemory<byte> Payload =>
        (_rented ?? throw new ObjectDisposedException(nameof(PendingUpdate))).AsMemory(0, payloadLength);

    /// <summary>What the client saves if the update counts; empty for stateless algorithms.</summary>
    public float[] NextState { get; } = nextState;

    /// <summary>Base address of the gateway that takes the update: the ticket's, until the server names another; empty for the server's own.</summary>
    public string Gateway { get; private set; } = ticket.Gateway;

    /// <summary>Whether the server has confirmed that it holds the update.</summary>
    public bool Stored { get; set; }

    /// <summary>Whether the update lies on disk too.</summary>
    public bool OnDisk { get; set; }

    /// <summary>The server names the gateway that takes the update now.</summary>
    /// <param name="gateway">Its base address; empty leaves it as it is.</param>
    /// <returns>Whether it is another one.</returns>
    public bool MoveTo(string gateway)
    {
        bool moves = gateway.Length > 0 && gateway != Gateway;
        Gateway = moves ? gateway : Gateway;
        return moves;
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _rented, null) is { } rented)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }
}
