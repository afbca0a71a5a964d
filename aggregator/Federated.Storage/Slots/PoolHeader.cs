using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace Federated.Storage.Slots;

/// <summary>First page of the shared file, little-endian. Bytes 0 to 63 never change after creation.</summary>
[StructLayout(LayoutKind.Explicit, Size = Bytes)]
internal struct PoolHeader
{
    public const int Bytes = 4096;

    /// <summary>"FEDSLOTS" in ASCII.</summary>
    public const ulong ExpectedMagic = 0x5354_4F4C_5344_4546;

    [FieldOffset(0)]
    public ulong Magic;

    [FieldOffset(8)]
    public uint LayoutVersion;

    [FieldOffset(12)]
    public uint SlotHeaderBytes;

    [FieldOffset(16)]
    public int SlotCount;

    [FieldOffset(20)]
    public int PayloadAlignment;

    [FieldOffset(24)]
    public long SlotBytes;

    [FieldOffset(32)]
    public long FileBytes;

    /// <summary>Random identity of this file: a journal beside the pool names the pool that its slot keys mean.</summary>
    [FieldOffset(40)]
    public Guid PoolId;

    /// <summary>XxHash3 over bytes 0 to 55.</summary>
    [FieldOffset(56)]
    public ulong Seal;

    /// <summary>Slots taken back from dead owners since the file exists. On its own cache line.</summary>
    [FieldOffset(128)]
    public long Reclaimed;

    /// <summary>Slots made free because their header was torn, since the file exists.</summary>
    [FieldOffset(136)]
    public long Torn;

    public static PoolHeader Create(PoolLayout layout)
    {
        var header = new PoolHeader
        {
            Magic = ExpectedMagic,
            LayoutVersion = PoolLayout.Version,
            SlotHeaderBytes = SlotHeader.Bytes,
            SlotCount = layout.SlotCount,
            PayloadAlignment = PoolLayout.PageBytes,
            SlotBytes = layout.SlotBytes,
            FileBytes = layout.FileBytes,
            PoolId = Guid.NewGuid(),
        };
        header.Seal = ComputeSeal(in header);
        return header;
    }

    public static ulong ComputeSeal(in PoolHeader header) =>
        XxHash3.HashToUInt64(MemoryMarshal.AsBytes(new ReadOnlySpan<PoolHeader>(in header))[..56]);
}
