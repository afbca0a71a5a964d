namespace Federated.Client.Sparse.Files;

/// <summary>Numbers of the layout (docs/fedtiny-file.md). Nothing here may change without a new <see cref="Version"/>.</summary>
internal static class FedTinyLayout
{
    public const int Version = 1;
    public const int HeaderBytes = 96;
    public const int RecordBytes = 96;
    public const int Alignment = 64;

    /// <summary>Stands for the second input of a layer that takes one.</summary>
    public const int NoInput = -2;

    public static ReadOnlySpan<byte> Magic => "FEDTINY\0"u8;

    public static long Align(long offset) => (offset + Alignment - 1) & -Alignment;

    /// <summary>The byte behind a section that starts at the next aligned byte; a section without elements takes no room and has no offset.</summary>
    /// <param name="elements">int32 or float32 elements.</param>
    /// <param name="end">Byte behind the section before it; moved.</param>
    public static long Place(long elements, ref long end)
    {
        if (elements == 0)
        {
            return 0;
        }

        long start = Align(end);
        end = start + (4 * elements);
        return start;
    }
}
