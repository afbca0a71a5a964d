using System.Net;
using Federated.Client.Identity;

namespace Federated.Client.OneByte.Peers;

/// <summary>What a peer of a one-byte exchange without a server needs to know. All but <see cref="Machine"/> and <see cref="Key"/> is the same on every member.</summary>
public sealed record OneBytePeerOptions
{
    /// <summary>This member's number; a key of <see cref="Members"/>.</summary>
    public required uint Machine { get; init; }

    /// <summary>Every member and where it listens. More than half of them are needed for every round.</summary>
    public required IReadOnlyDictionary<uint, IPEndPoint> Members { get; init; }

    /// <summary>Every member's public key (<see cref="IDeviceKey.PublicKey"/>): links are made to, and taken from, the holders of these keys alone.</summary>
    public required IReadOnlyDictionary<uint, ReadOnlyMemory<byte>> PublicKeys { get; init; }

    /// <summary>This member's key, such as that of its device (<see cref="IDeviceIdentityStore.OpenKeyAsync"/>).</summary>
    public required IDeviceKey Key { get; init; }

    /// <summary>Rounds of the run, at least 1.</summary>
    public required uint Rounds { get; init; }

    /// <summary>Decides the batches.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Examples of a batch; 0 for all.</summary>
    public int BatchSize { get; init; } = 32;

    /// <summary>Rounds between comparisons of the members' states, at least 1.</summary>
    public uint Window { get; init; } = 64;

    /// <summary>A sequencer's longest wait for the machines of the last record; a round without its sequencer costs twice as much. Longer than the slowest machine measures.</summary>
    public TimeSpan GatherTime { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>After the last round: the longest wait for the others to have it too.</summary>
    public TimeSpan Linger { get; init; } = TimeSpan.FromSeconds(10);
}
