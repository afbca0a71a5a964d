using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Federated.Storage.Slots;

namespace Federated.UnitTests.Storage.Slots;

/// <summary>The shared file outlives processes and versions, so its numbers are frozen.</summary>
public sealed class SlotPoolFormatTests : SlotPoolFixture
{
    private const string Advice =
        "The layout of the shared slot file changed. Do not edit this test alone: raise PoolLayout.Version, so that an " +
        "old file is refused by name, then change docs/shared-memory-layout.md and these numbers together.";

    [Fact]
    public void Headers_FieldOffsets_AreFrozen()
    {
        Frozen(1u, PoolLayout.Version);
        Frozen(4096, PoolLayout.PageBytes);
        Frozen(128, Unsafe.SizeOf<SlotHeader>());
        Frozen(4096, Unsafe.SizeOf<PoolHeader>());
        Frozen(
            "Magic 0, LayoutVersion 8, SlotHeaderBytes 12, SlotCount 16, PayloadAlignment 20, SlotBytes 24, FileBytes 32, PoolId 40, Seal 56, Reclaimed 128, Torn 136",
            Offsets<PoolHeader>());
        Frozen(
            "Word 0, Magic 8, LayoutVersion 12, Nonce 16, Length 24, Checksum 32, Seal 40, OwnerProcessId 48",
            Offsets<SlotHeader>());
    }

    [Fact]
    public void States_Numbers_AreFrozen()
    {
        Frozen(
            "Free 0, Reserved 1, Committed 2, Taken 3",
            string.Join(", ", Enum.GetValues<SlotState>().Select(state => $"{state} {(byte)state}")));
        Frozen(0x12345678_00C8_00_03, SlotWord.Create(SlotState.Taken, 0xC8, 0x12345678).Raw);
    }

    [Fact]
    public void Seal_OfFixedValues_IsFrozen() => Frozen(0x880D_4235_4E63_E019UL, SlotHeader.ComputeSeal(3, 7, 11, 13, 17));

    [Fact]
    public void File_OfOneCommittedSlot_HasItsBytesWhereTheDocumentSays()
    {
        var pool = Open();
        Commit(pool, 0xFE);
        var committed = Commit(pool, 0xAB, 0xCD);

        using var file = new FileStream(SlotsPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);

        Frozen("FEDSLOTS", System.Text.Encoding.ASCII.GetString(bytes, 0, 8));
        Frozen(4, BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(16)));
        Frozen(10_000L, BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(24)));
        Frozen(8192L + (4 * 12_288), bytes.LongLength);
        var header = bytes.AsSpan(4096 + 128);
        Frozen(0x0000_0001_0000_0002L, BinaryPrimitives.ReadInt64LittleEndian(header));
        Frozen("SLOT", System.Text.Encoding.ASCII.GetString(header.Slice(8, 4)));
        Frozen(committed.Key.Nonce, BinaryPrimitives.ReadUInt64LittleEndian(header[16..]));
        Frozen(2L, BinaryPrimitives.ReadInt64LittleEndian(header[24..]));
        Frozen(committed.Checksum, BinaryPrimitives.ReadUInt64LittleEndian(header[32..]));
        Frozen(0xAB, bytes[8192 + 12_288]);
    }

    private static string Offsets<T>() => string.Join(
        ", ",
        typeof(T).GetFields().Where(field => !field.IsLiteral)
            .Select(field => $"{field.Name} {Marshal.OffsetOf<T>(field.Name)}"));

    private static void Frozen<T>(T expected, T actual) =>
        Assert.True(EqualityComparer<T>.Default.Equals(expected, actual), $"{Advice} Expected {expected}, is {actual}.");
}
