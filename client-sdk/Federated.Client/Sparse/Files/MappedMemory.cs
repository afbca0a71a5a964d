using System.Buffers;

namespace Federated.Client.Sparse.Files;

/// <summary>Elements that lie in mapped bytes. It fails, rather than reads what is gone, once the bytes are disposed of.</summary>
internal sealed unsafe class MappedMemory<T>(MappedBytes bytes, long offset, int length) : MemoryManager<T>
    where T : unmanaged
{
    public override Span<T> GetSpan() => new(bytes.Start(offset), length);

    public override MemoryHandle Pin(int elementIndex = 0) => new((T*)bytes.Start(offset) + elementIndex);

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }
}
