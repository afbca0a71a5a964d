using System.Buffers.Binary;
using Federated.Client.Torch.Native;

namespace Federated.UnitTests.Torch;

public class ElfVersionNeedTests
{
    private const int FlagsOffset = 0x300 + 16 + 4;

    [Fact]
    public void MarkWeak_VersionIsNeeded_SetsOnlyItsWeakFlag()
    {
        byte[] image = SyntheticLibrary();
        byte[] before = [.. image];

        bool found = ElfVersionNeed.MarkWeak(image, "libstdc++.so.6", "GLIBCXX_3.4.32");

        Assert.True(found);
        Assert.Equal(2, BinaryPrimitives.ReadUInt16LittleEndian(image.AsSpan(FlagsOffset)));
        image[FlagsOffset] = before[FlagsOffset];
        Assert.Equal(before, image);
    }

    [Theory]
    [InlineData("libstdc++.so.6", "GLIBCXX_3.4.3")]
    [InlineData("libstdc++.so", "GLIBCXX_3.4.32")]
    public void MarkWeak_NameDiffers_ChangesNothing(string dependency, string version)
    {
        byte[] image = SyntheticLibrary();
        byte[] before = [.. image];

        Assert.False(ElfVersionNeed.MarkWeak(image, dependency, version));
        Assert.Equal(before, image);
    }

    [Fact]
    public void MarkWeak_NoElfFile_Throws()
    {
        Assert.Throws<BadImageFormatException>(() => ElfVersionNeed.MarkWeak(new byte[128], "a", "b"));
    }

    [Fact]
    public void MarkWeak_Truncated_Throws()
    {
        byte[] image = SyntheticLibrary()[..0x180];

        Assert.Throws<BadImageFormatException>(() => ElfVersionNeed.MarkWeak(image, "libstdc++.so.6", "GLIBCXX_3.4.32"));
    }

    /// <summary>
    /// A header, two program headers at 0x40 (all of the file mapped at 0x1000; the dynamic segment at 0x200), the version needs at 0x300, the names at 0x400.
    /// </summary>
    private static byte[] SyntheticLibrary()
    {
        byte[] image = new byte[0x500];
        "\u007fELF"u8.CopyTo(image);
        image[4] = 2;
        image[5] = 1;
        U64(image, 32, 0x40);
        U16(image, 54, 56);
        U16(image, 56, 2);

        U32(image, 0x40, 1);
        U64(image, 0x40 + 16, 0x1000);
        U64(image, 0x40 + 32, 0x500);
        U32(image, 0x78, 2);
        U64(image, 0x78 + 8, 0x200);
        U64(image, 0x78 + 32, 64);

        U64(image, 0x200, 5);
        U64(image, 0x208, 0x1400);
        U64(image, 0x210, 0x6ffffffe);
        U64(image, 0x218, 0x1300);
        U64(image, 0x220, 0x6fffffff);
        U64(image, 0x228, 1);

        U16(image, 0x300, 1);
        U16(image, 0x302, 1);
        U32(image, 0x304, 1);
        U32(image, 0x308, 16);
        U32(image, 0x310 + 8, 20);

        "libstdc++.so.6"u8.CopyTo(image.AsSpan(0x401));
        "GLIBCXX_3.4.32"u8.CopyTo(image.AsSpan(0x414));
        return image;
    }

    private static void U16(byte[] image, int offset, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(offset), value);

    private static void U32(byte[] image, int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(offset), value);

    private static void U64(byte[] image, int offset, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(image.AsSpan(offset), value);
}
