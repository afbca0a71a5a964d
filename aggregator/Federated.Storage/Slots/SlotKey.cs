using System.Buffers.Binary;

namespace Federated.Storage.Slots;

/// <summary>
/// Name of one committed payload, 16 bytes: it travels in events and journals instead of the bytes. A key opens the
/// slot only while it holds that very payload; after release it is stale for ever.
/// </summary>
/// <param name="Index">Position of the slot in its pool.</param>
/// <param name="Generation">How often the slot had been reserved.</param>
/// <param name="Nonce">Random; keys of another pool file, or of a wrapped generation, do not match.</param>
public readonly record struct SlotKey(int Index, uint Generation, ulong Nonce)
{
    /// <summary>Length of the written form.</summary>
    public const int Bytes = 16;

    /// <summary>Writes index, generation and nonce, little-endian.</summary>
    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteInt32LittleEndian(destination, Index);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[4..], Generation);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[8..], Nonce);
    }

    public static SlotKey Read(ReadOnlySpan<byte> source) => new(
        BinaryPrimitives.ReadInt32LittleEndian(source),
        BinaryPrimitives.ReadUInt32LittleEndian(source[4..]),
        BinaryPrimitives.ReadUInt64LittleEndian(source[8..]));

    public override string ToString() => $"{Index}.{Generation}.{Nonce:x16}";
}
