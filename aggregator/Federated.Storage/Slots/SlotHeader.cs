using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace Federated.Storage.Slots;

/// <summary>
/// Header of one slot in the shared file, little-endian. Two cache lines apart, so that two processes that work on
/// neighbouring slots share neither a line nor the line that the adjacent-line prefetcher adds.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = Bytes)]
internal struct SlotHeader
{
    public const int Bytes = 128;

    /// <summary>"SLOT" in ASCII.</summary>
    public const uint ExpectedMagic = 0x544F_4C53;

    /// <summary><see cref="SlotWord"/>; changes by compare-and-swap only.</summary>
    [FieldOffset(0)]
    public long Word;

    [FieldOffset(8)]
    public uint Magic;

    [FieldOffset(12)]
    public uint LayoutVersion;

    /// <summary>Random; the part of <see cref="SlotKey"/> that cannot be guessed.</summary>
    [FieldOffset(16)]
    public ulong Nonce;

    /// <summary>Committed bytes.</summary>
    [FieldOffset(24)]
    public long Length;

    /// <summary>XxHash3 of the committed bytes.</summary>
    [FieldOffset(32)]
    public ulong Checksum;

    /// <summary>XxHash3 over what a commit promises; a header that does not match it is torn.</summary>
    [FieldOffset(40)]
    public ulong Seal;

    /// <summary>Process id of the last owner, for people who look at the file; nothing is decided by it.</summary>
    [FieldOffset(48)]
    public int OwnerProcessId;

    public static ulong ComputeSeal(int index, uint generation, ulong nonce, long length, ulong checksum)
    {
        ReadOnlySpan<ulong> sealedValues =
            [ExpectedMagic, PoolLayout.Version, (ulong)index, generation, nonce, (ulong)length, checksum];
        return XxHash3.HashToUInt64(MemoryMarshal.AsBytes(sealedValues));
    }
}
