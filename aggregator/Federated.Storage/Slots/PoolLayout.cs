namespace Federated.Storage.Slots;

/// <summary>Where everything lies in the shared file: pool header page, slot headers, page-aligned payloads.</summary>
internal sealed record PoolLayout(int SlotCount, int SlotBytes)
{
    /// <summary>Raise it with every change of <see cref="PoolHeader"/>, <see cref="SlotHeader"/> or this class.</summary>
    public const uint Version = 1;

    public const int PageBytes = 4096;

    public long PayloadStride { get; } = RoundUpToPage(SlotBytes);

    public long PayloadsOffset { get; } = RoundUpToPage(PoolHeader.Bytes + ((long)SlotCount * SlotHeader.Bytes));

    public long FileBytes => PayloadsOffset + (SlotCount * PayloadStride);

    public static long HeaderOffset(int index) => PoolHeader.Bytes + ((long)index * SlotHeader.Bytes);

    public long PayloadOffset(int index) => PayloadsOffset + (index * PayloadStride);

    private static long RoundUpToPage(long bytes) => (bytes + PageBytes - 1) / PageBytes * PageBytes;
}
