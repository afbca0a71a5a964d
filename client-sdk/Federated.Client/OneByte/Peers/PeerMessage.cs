using System.Collections.Immutable;
using Federated.Protocol.OneByte;

namespace Federated.Client.OneByte.Peers;

/// <summary>What peers say to each other.</summary>
internal abstract record PeerMessage
{
    /// <summary>
    /// To the sequencer of a view: a machine's bytes for a round, or none yet, and its promise to heed no earlier view; with the record that it accepted in the highest view, if any.
    /// </summary>
    public sealed record Gradients(uint Round, ulong Previous, uint View, ReadOnlyMemory<byte> Codes, int AcceptedView, RoundCommitment? Accepted) : PeerMessage;

    /// <summary>From the sequencer of a view: the record that the round shall have.</summary>
    public sealed record Propose(uint View, RoundCommitment Record) : PeerMessage;

    /// <summary>To the sequencer: the machine holds the record.</summary>
    public sealed record Accept(uint Round, uint View) : PeerMessage;

    /// <summary>More than half of the members hold the record: it is the round's.</summary>
    public sealed record Commit(RoundCommitment Record) : PeerMessage;

    /// <summary>The sender is behind and asks for the log from a round on.</summary>
    public sealed record Sync(uint Round, ulong Previous) : PeerMessage;

    /// <summary>Instead of records that are not kept any more; with the machines of the last record, who take turns next.</summary>
    public sealed record Checkpoint(ImmutableArray<uint> Order, ReadOnlyMemory<byte> Bytes) : PeerMessage;

    /// <summary>The hash of the sender's state before a round.</summary>
    public sealed record State(uint Round, ReadOnlyMemory<byte> Sha256) : PeerMessage;
}
