using Federated.Client.Algorithms;
using Federated.Client.Compression;
using Federated.Protocol.Codecs;

namespace Federated.Simulation.Engine;

/// <summary>The dense update of a client, which is compressed when the attackers have seen those of the whole round: an attacker crafts a dense update and compresses it as everybody does.</summary>
/// <param name="Update">The update.</param>
/// <param name="Payload">Its bytes.</param>
/// <param name="Encoder">The client's encoder.</param>
/// <param name="Memory">What the encoder remembers; empty for nothing.</param>
/// <param name="NextMemory">Receives what it remembers once the update is counted.</param>
/// <param name="Draw">Addresses its random draws.</param>
internal sealed record HeldUpdate(
    ClientUpdate Update, byte[] Payload, UpdateEncoder Encoder, ReadOnlyMemory<float> Memory, Memory<float> NextMemory, CompressionDraw Draw)
{
    /// <summary>Compresses it, as it is now.</summary>
    public EncodedUpdate Encode(Span<byte> destination) => Encoder.Encode(Update, Memory.Span, Draw, destination, NextMemory.Span);
}
