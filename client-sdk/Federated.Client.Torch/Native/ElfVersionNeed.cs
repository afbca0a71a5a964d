using System.Buffers.Binary;
using System.Text;

namespace Federated.Client.Torch.Native;

/// <summary>
/// Edits the table of symbol versions that a 64-bit little-endian ELF library asks of its dependencies (<c>.gnu.version_r</c>).
/// </summary>
internal static class ElfVersionNeed
{
    private const int DynamicSegment = 2;
    private const int LoadSegment = 1;
    private const int TagStringTable = 5;
    private const int TagVersionNeed = 0x6ffffffe;
    private const int TagVersionNeedCount = 0x6fffffff;
    private const ushort FlagWeak = 2;

    /// <summary>
    /// Marks one version need weak, so that the loader warns of it at most instead of refusing the library.
    /// </summary>
    /// <param name="image">The bytes of the library; edited in place.</param>
    /// <param name="dependency">The dependency that should define the version, for example <c>libstdc++.so.6</c>.</param>
    /// <param name="version">The version, for example <c>GLIBCXX_3.4.32</c>.</param>
    /// <returns>Whether the library names that version.</returns>
    /// <exception cref="BadImageFormatException">The bytes are not a 64-bit little-endian ELF file with a dynamic segment.</exception>
    public static bool MarkWeak(Span<byte> image, string dependency, string version)
    {
        if (image.Length < 64 || !image[..6].SequenceEqual((ReadOnlySpan<byte>)[0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1]))
        {
            throw new BadImageFormatException("not a 64-bit little-endian ELF file");
        }

        try
        {
            return MarkWeakChecked(image, dependency, version);
        }
        catch (ArgumentOutOfRangeException e)
        {
            throw new BadImageFormatException("an offset in the ELF headers points outside the file", e);
        }
    }

    private static bool MarkWeakChecked(Span<byte> image, string dependency, string version)
    {
        var (needs, count, strings) = FindTables(image);
        if (needs < 0)
        {
            return false;
        }

        bool found = false;
        int need = needs;
        for (int i = 0; i < count; i++)
        {
            // Elf64_Verneed: version u16, count u16, file u32, aux u32, next u32.
            bool sameFile = NameEquals(image, strings + (int)U32(image, need + 4), dependency);
            int aux = need + (int)U32(image, need + 8);
            for (int j = 0; sameFile && j < U16(image, need + 2); j++)
            {
                // Elf64_Vernaux: hash u32, flags u16, other u16, name u32, next u32.
                if (NameEquals(image, strings + (int)U32(image, aux + 8), version))
                {
                    ushort flags = U16(image, aux + 4);
                    BinaryPrimitives.WriteUInt16LittleEndian(image.Slice(aux + 4, 2), (ushort)(flags | FlagWeak));
                    found = true;
                }

                aux += (int)U32(image, aux + 12);
            }

            need += (int)U32(image, need + 12);
        }

        return found;
    }

    private static (int Needs, int Count, int Strings) FindTables(ReadOnlySpan<byte> image)
    {
        int needs = -1, count = 0, strings = -1;
        var (dynamic, length) = FindDynamicSegment(image);
        for (int entry = dynamic; entry < dynamic + length; entry += 16)
        {
            long tag = (long)U64(image, entry);
            ulong value = U64(image, entry + 8);
            switch (tag)
            {
                case TagVersionNeed: needs = FileOffset(image, value); break;
                case TagVersionNeedCount: count = checked((int)value); break;
                case TagStringTable: strings = FileOffset(image, value); break;
                case 0: return (needs, count, strings);
            }
        }

        return (needs, count, strings);
    }

    private static (int Offset, int Length) FindDynamicSegment(ReadOnlySpan<byte> image)
    {
        for (int i = 0; i < U16(image, 56); i++)
        {
            int header = ProgramHeader(image, i);
            if (U32(image, header) == DynamicSegment)
            {
                return (checked((int)U64(image, header + 8)), checked((int)U64(image, header + 32)));
            }
        }

        throw new BadImageFormatException("the ELF file has no dynamic segment");
    }

    private static int FileOffset(ReadOnlySpan<byte> image, ulong address)
    {
        for (int i = 0; i < U16(image, 56); i++)
        {
            int header = ProgramHeader(image, i);
            ulong start = U64(image, header + 16);
            if (U32(image, header) == LoadSegment && address >= start && address < start + U64(image, header + 32))
            {
                return checked((int)(address - start + U64(image, header + 8)));
            }
        }

        throw new BadImageFormatException($"address 0x{address:x} is in no segment of the ELF file");
    }

    private static int ProgramHeader(ReadOnlySpan<byte> image, int index)
    {
        return checked((int)U64(image, 32) + (index * U16(image, 54)));
    }

    private static bool NameEquals(ReadOnlySpan<byte> image, int offset, string name)
    {
        ReadOnlySpan<byte> rest = image[offset..];
        int length = Encoding.ASCII.GetByteCount(name);
        return rest.Length > length && rest[length] == 0 && rest[..length].SequenceEqual(Encoding.ASCII.GetBytes(name));
    }

    private static ushort U16(ReadOnlySpan<byte> image, int offset) => BinaryPrimitives.ReadUInt16LittleEndian(image.Slice(offset, 2));

    private static uint U32(ReadOnlySpan<byte> image, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(image.Slice(offset, 4));

    private static ulong U64(ReadOnlySpan<byte> image, int offset) => BinaryPrimitives.ReadUInt64LittleEndian(image.Slice(offset, 8));
}
