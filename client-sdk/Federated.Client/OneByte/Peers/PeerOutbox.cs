using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace Federated.Client.OneByte.Peers;

/// <summary>Messages that are to be sent, in their order.</summary>
/// <param name="number">This member, to which nothing is sent.</param>
/// <param name="members">All members.</param>
internal sealed class PeerOutbox(uint number, ImmutableArray<uint> members)
{
    private readonly Queue<(uint To, PeerMessage Message)> _messages = new();

    public void Add(uint to, PeerMessage message) => _messages.Enqueue((to, message));

    /// <summary>To every other member.</summary>
    public void AddForAll(PeerMessage message)
    {
        foreach (uint member in members)
        {
            if (member != number)
            {
                Add(member, message);
            }
        }
    }

    public bool TryTake([NotNullWhen(true)] out PeerMessage? message, out uint to)
    {
        bool any = _messages.TryDequeue(out (uint To, PeerMessage Message) next);
        (to, message) = any ? next : (0, null);
        return any;
    }
}
